"""The catalogue's tables. Names and rules are those of docs/glossary.md; constraints live in the database."""

from datasets.catalogue.models.answers import KeptAnswer
from datasets.catalogue.models.collection import Collection, CollectionMember
from datasets.catalogue.models.crop import Crop, CropCoverage
from datasets.catalogue.models.dataset import Dataset, DatasetVersion, Mount, RevisionStamp, State, Visibility
from datasets.catalogue.models.links import StateLink
from datasets.catalogue.models.membership import AuditEvent, Membership, Organization, Role
from datasets.catalogue.models.model import Model, ModelRun, ModelVersion
from datasets.catalogue.models.organelle import OrganelleClass
from datasets.catalogue.models.people import Affiliation, Contribution, Person, Publication
from datasets.catalogue.models.sample import Acquisition, Specimen, SpecimenTerm
from datasets.catalogue.models.search import DatasetFacet, SearchEntry, SearchSaid, SearchState
from datasets.catalogue.models.selections import Selection
from datasets.catalogue.models.sources import SourceCheck
from datasets.catalogue.models.spaces import CoordinateSpace, Transform
from datasets.catalogue.models.task import Task
from datasets.catalogue.models.tokens import ApiToken, Scope, ShareToken
from datasets.catalogue.models.usage import UsageDaily
from datasets.catalogue.models.volume import Coverage, ExternalFormat, ExternalMesh, Segmentation, View, Volume

__all__ = [
    "Acquisition",
    "Affiliation",
    "ApiToken",
    "AuditEvent",
    "Collection",
    "CollectionMember",
    "Contribution",
    "CoordinateSpace",
    "Coverage",
    "Crop",
    "CropCoverage",
    "Dataset",
    "DatasetFacet",
    "DatasetVersion",
    "ExternalFormat",
    "ExternalMesh",
    "KeptAnswer",
    "Membership",
    "Model",
    "ModelRun",
    "ModelVersion",
    "Mount",
    "OrganelleClass",
    "Organization",
    "Person",
    "Publication",
    "RevisionStamp",
    "Role",
    "Scope",
    "SearchEntry",
    "SearchSaid",
    "SearchState",
    "Segmentation",
    "Selection",
    "ShareToken",
    "SourceCheck",
    "Specimen",
    "SpecimenTerm",
    "State",
    "StateLink",
    "Task",
    "Transform",
    "UsageDaily",
    "View",
    "Visibility",
    "Volume",
]
