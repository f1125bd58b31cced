"""The catalogue's tables. Names and rules are those of docs/glossary.md; constraints live in the database."""

from datasets.catalogue.models.dataset import Dataset, DatasetVersion, Mount, RevisionStamp, State, Visibility
from datasets.catalogue.models.links import StateLink
from datasets.catalogue.models.membership import AuditEvent, Membership, Organization, Role
from datasets.catalogue.models.organelle import OrganelleClass
from datasets.catalogue.models.people import Contribution, Person, Publication
from datasets.catalogue.models.sample import Acquisition, Specimen
from datasets.catalogue.models.selections import Selection
from datasets.catalogue.models.tokens import ApiToken, Scope, ShareToken
from datasets.catalogue.models.usage import UsageDaily
from datasets.catalogue.models.volume import Coverage, Segmentation, View, Volume

__all__ = [
    "Acquisition",
    "ApiToken",
    "AuditEvent",
    "Contribution",
    "Coverage",
    "Dataset",
    "DatasetVersion",
    "Membership",
    "Mount",
    "OrganelleClass",
    "Organization",
    "Person",
    "Publication",
    "RevisionStamp",
    "Role",
    "Scope",
    "Segmentation",
    "Selection",
    "ShareToken",
    "Specimen",
    "State",
    "StateLink",
    "UsageDaily",
    "View",
    "Visibility",
    "Volume",
]
