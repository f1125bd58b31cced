"""Collections, each with the datasets that one user may see."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet

from datasets.catalogue.models import Collection, CollectionMember
from datasets.catalogue.queries.datasets import NotFound
from datasets.catalogue.queries.visibility import Viewer, visible_to


def visible_collections(user: Viewer) -> QuerySet[Collection]:
    """All collections by name; their ``members`` are those that ``user`` may know of."""
    members = CollectionMember.objects.filter(dataset__in=visible_to(user)).select_related("dataset")
    return (
        Collection.objects.select_related("organization")
        .prefetch_related(Prefetch("members", members.order_by("rank", "dataset__name")))
        .order_by("name")
    )


def find_collection(name: str, user: Viewer) -> Collection:
    """The collection ``name``.

    Raises:
        NotFound: there is none.
    """
    collection = visible_collections(user).filter(name=name).first()
    if collection is None:
        raise NotFound(f"No collection is called {name!r}", where=name, fix="See /api/v1/collections/")
    return collection
