"""The catalogue in the administration.

It changes who belongs where, what a dataset *is* (visibility, contact, organization), and what is no version's content:
models, tasks and collections. What a version *says* comes from its specification, an import or the API, and is only
looked at here, drafts included: so no form can meet a frozen version's triggers, and nothing is mounted by hand.
"""

from datasets.catalogue.admin import access, content, research, search

__all__ = ["access", "content", "research", "search"]
