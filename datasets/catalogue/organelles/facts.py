"""The table ``classes.csv`` beside this file, typed. Its reasons: docs/decisions/0004-organelle-classes.md."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class OrganelleFact:
    """One class of structures that a segmentation can name.

    Args:
        short_name: as in file and layer names, such as ``mito_mem``.
        long_name: for people, singular; the Gene Ontology's label where there is a term.
        parent: short name of the structure it is a part of, ``""`` for the whole ones.
        go_id: the Gene Ontology term that means the same structure, ``GO:0005739``, or ``""``.
        go_label: the term's name, ``""`` without a term.
        evidence: where id and label were read, ``;`` between places: a path in the data that does not ship, or
            ``package NAME VERSION FILE sha256:DIGEST`` for a file inside a Python package; ``""`` without a term.
        synonyms: other names that people write and search for.
        colour: ``#rrggbb``, the same everywhere in the portal.
        cellmap_id: the number of the class in the CellMap segmentation challenge; None where it has none.
    """

    short_name: str
    long_name: str
    parent: str
    go_id: str
    go_label: str
    evidence: str
    synonyms: tuple[str, ...]
    colour: str
    cellmap_id: int | None


@cache
def load_facts() -> tuple[OrganelleFact, ...]:
    """All organelle classes in the order of lists; a parent stands before its children."""
    table = files("datasets.catalogue.organelles").joinpath("classes.csv").read_text(encoding="utf-8")
    return tuple(_fact(row) for row in csv.DictReader(table.splitlines()))


def _fact(row: dict[str, str]) -> OrganelleFact:
    return OrganelleFact(
        short_name=row["short_name"],
        long_name=row["long_name"],
        parent=row["parent"],
        go_id=row["go_id"],
        go_label=row["go_label"],
        evidence=row["evidence"],
        synonyms=tuple(row["synonyms"].split(";")) if row["synonyms"] else (),
        colour=row["colour"],
        cellmap_id=int(row["cellmap_id"]) if row["cellmap_id"] else None,
    )
