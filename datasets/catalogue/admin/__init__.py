"""The catalogue in the administration.

It changes who belongs where and what a dataset *is* (visibility, contact, organization). What a version *says* comes
from its specification and is only looked at here, drafts included: so no form can meet a frozen version's triggers, and
nothing is mounted by hand.
"""

from datasets.catalogue.admin import access, content, research

__all__ = ["access", "content", "research"]
