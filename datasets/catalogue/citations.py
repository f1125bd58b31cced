"""How a version is cited: in a sentence, as BibTeX, and as CSL-JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from django.urls import reverse

from datasets.catalogue.models import DatasetVersion

PUBLISHER = "Cisterna"

# BibTeX counts braces whether they are escaped or not, so a literal brace is written as a command.
_TEX = {
    "\\": "\\textbackslash{}",
    "{": "\\textbraceleft{}",
    "}": "\\textbraceright{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    **{character: f"\\{character}" for character in "#$%&_"},
}


@dataclass(frozen=True)
class Citation:
    """What a citation of a version says; ``names`` are its creators, ``reference`` is ``name@version``."""

    names: tuple[str, ...]
    year: int | None
    title: str
    version: str
    url: str
    reference: str

    @property
    def text(self) -> str:
        """In DataCite's recommended form: Creator (Year): Title. Version. Publisher. Identifier.

        Without creators the title takes their place.
        """
        when = f" ({self.year})" if self.year else ""
        said = f"{'; '.join(self.names)}{when}: {self.title}" if self.names else f"{self.title}{when}"
        return f"{said}. Version {self.version}. {PUBLISHER}. {self.url}"

    @property
    def bibtex(self) -> str:
        """An entry for BibTeX and biblatex, in UTF-8.

        Names and title stand in braces of their own: a name is not taken apart, a title keeps its capitals.
        """
        fields = {
            "author": " and ".join(f"{{{_escape(name)}}}" for name in self.names),
            "title": f"{{{_escape(self.title)}}}",
            "year": str(self.year or ""),
            "version": _escape(self.version),
            "publisher": PUBLISHER,
            "howpublished": "Dataset",
            "url": self.url,
        }
        lines = "".join(f"  {name:<12} = {{{value}}},\n" for name, value in fields.items() if value)
        return f"@misc{{{self.reference.replace('@', '_v')},\n{lines}}}\n"

    @property
    def csl_json(self) -> str:
        """A list of one item for reference managers (CSL-JSON 1.0). Names are written as one: none is taken apart."""
        item = {
            "id": self.reference,
            "type": "dataset",
            "title": self.title,
            "author": [{"literal": name} for name in self.names],
            "issued": {"date-parts": [[self.year]]} if self.year else None,
            "version": self.version,
            "publisher": PUBLISHER,
            "URL": self.url,
        }
        return json.dumps([{name: value for name, value in item.items() if value}], ensure_ascii=False, indent=2)


def citation_of(version: DatasetVersion, *, site_url: str) -> Citation:
    """The citation of ``version``, its contributions loaded; ``site_url`` is absolute, without a trailing slash."""
    return Citation(
        names=tuple(contribution.person.name for contribution in version.contributions.all()),
        year=version.frozen_at.year if version.frozen_at else None,
        title=version.title,
        version=version.label,
        url=f"{site_url}{reverse('catalogue:dataset', kwargs={'ref': str(version)})}",
        reference=str(version),
    )


def _escape(text: str) -> str:
    """``text`` on one line, with what TeX would take for its own written out."""
    return "".join(_TEX.get(character, character) for character in re.sub(r"\s+", " ", text).strip())
