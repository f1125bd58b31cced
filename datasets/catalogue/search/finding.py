"""The search: what is found for a question, by kind, with the reason for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.urls import reverse

from datasets.catalogue.addresses import doi_url, web_url
from datasets.catalogue.models import SearchEntry
from datasets.catalogue.queries.catalogue_state import QUESTIONS_KEPT, kept_for_strangers
from datasets.catalogue.queries.visibility import Viewer
from datasets.catalogue.search.full_text import Ranked
from datasets.catalogue.search.hits import (
    COUNTED_BESIDE,
    KINDS,
    MOST_COUNTED,
    Found,
    Group,
    Hit,
    Kind,
    make_group,
    said_of_entry,
)
from datasets.catalogue.search.passages import reasons_for
from datasets.catalogue.search.questions import Question
from datasets.catalogue.search.searches import Search, read_search
from datasets.catalogue.search.shelf import shelves_of
from datasets.catalogue.search.within import group_within

FEW = 5


def find(text: str, user: Viewer, *, kinds: Sequence[Kind] = KINDS, most: int = FEW, start: int = 0) -> Found:
    """What ``user`` finds for what they typed.

    Args:
        kinds: of what; the answer's groups are of these.
        most: hits of each kind.
        start: the place of the first hit, for the pages of one kind; up to :data:`MOST_COUNTED`.

    Raises:
        QuestionInvalid
    """
    return _find(user, text, tuple(kinds), most, start)


@kept_for_strangers(QUESTIONS_KEPT)
def _find(user: Viewer, text: str, kinds: tuple[Kind, ...], most: int, start: int) -> Found:
    search = read_search(text, user, shelves_of(user))
    count_to = MOST_COUNTED if len(kinds) == 1 else COUNTED_BESIDE
    groups = (
        [_group(kind, search, most, start, count_to) for kind in KINDS if kind in kinds]
        if search.question.terms
        else []
    )
    return Found(tuple(sorted((it for it in groups if it.count), key=lambda it: it.tier)), search.question.corrected)


def _group(kind: Kind, search: Search, most: int, start: int, count_to: int) -> Group:
    if kind in ("segmentation", "crop"):
        return group_within(kind, search, most, start, count_to)
    if kind == "organelle":
        return _group_of_classes(search, most, start)
    ranked = search.ranked(kind)
    hits = tuple(_hits(ranked[start : start + most], search.question))
    return make_group(kind, len(ranked), ranked[0].tier if ranked else 0, hits)


def _group_of_classes(search: Search, most: int, start: int) -> Group:
    found, question = search.classes, search.question
    hits = tuple(
        Hit(
            "organelle",
            0,
            it.fact.short_name,
            it.fact.long_name,
            reverse("catalogue:organelle", kwargs={"short_name": it.fact.short_name}),
            reasons_for(it.said, question),
        )
        for _, it in found[start : start + most]
    )
    return make_group("organelle", len(found), found[0][0] if found else 0, hits)


def _hits(ranked: Sequence[Ranked], question: Question) -> Iterable[Hit]:
    rows = SearchEntry.objects.filter(pk__in=[each.entry for each in ranked]).select_related("text")
    entries = {it.pk: it for it in rows}
    for each in ranked:
        if (entry := entries.get(each.entry)) is not None:
            yield _hit(entry, question)


def _hit(entry: SearchEntry, question: Question) -> Hit:
    said = said_of_entry(entry)
    texts = {it.what: it.text for it in reversed(said)}
    title = texts.get("title", texts.get("name", ""))
    name = texts.get("name") or texts.get("DOI") or texts.get("address") or title
    match entry.kind:
        case SearchEntry.Kind.DATASET:
            url = reverse("catalogue:dataset", kwargs={"ref": name})
        case SearchEntry.Kind.MODEL | SearchEntry.Kind.COLLECTION | SearchEntry.Kind.TASK:
            url = reverse(f"catalogue:{entry.kind}", kwargs={"name": name})
        case SearchEntry.Kind.PERSON:
            url = reverse("catalogue:person", kwargs={"number": entry.object_id})
        case _:
            url = (
                doi_url(texts.get("DOI", "")) or web_url(texts.get("address", "")) or reverse("catalogue:publications")
            )
    return Hit(entry.kind, entry.object_id, name, title, url, reasons_for(said, question))  # type: ignore[arg-type]
