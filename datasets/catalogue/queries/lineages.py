"""Organelle classes with what they are part of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from datasets.catalogue.models import OrganelleClass

type Lineage = tuple[OrganelleClass, ...]


def organelle_lineages(*, with_synonyms: bool = False) -> dict[int, Lineage]:
    """For each class, by its key: the classes it is part of from the widest down, then itself. One query.

    Args:
        with_synonyms: loads these too, which only the search asks for.
    """
    rows = OrganelleClass.objects.all() if with_synonyms else OrganelleClass.objects.defer("synonyms")
    classes = {organelle.pk: organelle for organelle in rows}
    lineages: dict[int, Lineage] = {}
    for key in classes:
        line: list[OrganelleClass] = []
        above: int | None = key
        # A class among its own ancestors would be an error of the table, not a reason to turn in circles.
        while above is not None and classes[above] not in line:
            line.append(classes[above])
            above = classes[above].parent_id
        lineages[key] = tuple(reversed(line))
    return lineages


def with_parts(classes: Iterable[int], lineages: Mapping[int, Lineage] | None = None) -> set[int]:
    """The keys of ``classes``, and of everything that is part of one of them.

    Args:
        lineages: from :func:`organelle_lineages`, where they are at hand.
    """
    wanted = set(classes)
    lines = organelle_lineages() if lineages is None else lineages
    return {key for key, line in lines.items() if any(it.pk in wanted for it in line)}
