"""Collections, each with the datasets that one user may see."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from datasets.catalogue.models import Collection, CollectionMember, Dataset, DatasetVersion
from datasets.catalogue.queries.datasets import NotFound, newest_versions
from datasets.catalogue.queries.visibility import Viewer, visible_to


def visible_collections(user: Viewer) -> QuerySet[Collection]:
    """All collections by name; their ``members`` are those that ``user`` may know of."""
    return all_collections().prefetch_related(_load_members(user))


def all_collections() -> QuerySet[Collection]:
    """All collections by name, by themselves."""
    return Collection.objects.select_related("organization").order_by("name")


def named_collection(name: str) -> Collection:
    """The collection ``name``, by itself.

    Raises:
        NotFound: there is none.
    """
    collection = all_collections().filter(name=name).first()
    if collection is None:
        raise NotFound(f"No collection is called {name!r}", where=name, fix="See /collections/")
    return collection


def collections_with(dataset: Dataset) -> QuerySet[Collection]:
    """The collections that a dataset belongs to which the caller has found, by name."""
    return Collection.objects.filter(members__dataset=dataset).order_by("name")


def versions_in(collection: Collection, user: Viewer) -> QuerySet[DatasetVersion]:
    """The newest versions of its datasets that ``user`` may see, in its order."""
    membership = "dataset__collection_memberships"
    found = newest_versions(user).filter(**{f"{membership}__collection": collection})
    return found.order_by(f"{membership}__rank", "dataset__name")


def find_collection(name: str, user: Viewer) -> Collection:
    """The collection ``name``; its ``members`` are those that ``user`` may know of.

    Raises:
        NotFound: there is none.
    """
    collection = named_collection(name)
    prefetch_related_objects([collection], _load_members(user))
    return collection


def _load_members(user: Viewer) -> Prefetch[str]:
    members = CollectionMember.objects.filter(dataset__in=visible_to(user)).select_related("dataset")
    return Prefetch("members", members.order_by("rank", "dataset__name"))
