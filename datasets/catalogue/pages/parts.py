"""What several pages say in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from datasets.catalogue.models import Acquisition, DatasetVersion, Specimen, Volume
from datasets.catalogue.models.volume import extent_nm, first_image
from datasets.catalogue.pictures import CARRIED
from datasets.catalogue.presentation import ScaleBar, scale_bar
from datasets.catalogue.slices import NO_PICTURE, Picture, picture_of

PICTURE_ASPECT = 16 / 10
"""Width by height of every still picture; a middle slice is cropped to it."""


@dataclass(frozen=True)
class Stills:
    """The middle slice without and with labels; empty where there is no such picture."""

    em: Picture
    labels: Picture
    scale: ScaleBar | None
    is_carried: bool = False
    """It came with the data, or with what a catalogue says of them."""

    @property
    def alt(self) -> str:
        if self.is_carried:
            return "The picture that its source shows of it"
        return f"Middle slice{', segments in colour' if self.labels else ''}"

    @property
    def best(self) -> Picture:
        return self.labels or self.em


@dataclass(frozen=True)
class Fact:
    """A line of the table of facts; ``url`` leads to its authority, or to a page of its own here."""

    name: str
    value: str
    url: str = ""
    is_species: bool = False


@dataclass(frozen=True)
class Choice:
    """One of several to choose from: as an address says it, and as people call it."""

    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True)
class Contact:
    """Whom to write to; ``mailto`` opens a letter that says what it is about, and is empty without an address."""

    name: str
    mailto: str


def contact_of(version: DatasetVersion, page_url: str) -> Contact:
    """The contact of ``version``, for a letter about the page at ``page_url``."""
    dataset = version.dataset
    if not dataset.contact_email:
        return Contact(dataset.contact_name, "")
    body = f"\r\n\r\n\r\nAbout: {version.title}\r\nVersion: {version}\r\nPage: {page_url}\r\n"
    address = quote(dataset.contact_email, safe="@+")
    return Contact(
        name=dataset.contact_name or dataset.contact_email,
        mailto=f"mailto:{address}?subject={quote(str(version), safe='')}&body={quote(body, safe='')}",
    )


def stills_of(version: DatasetVersion, image: Volume | None, pictures: set[str]) -> Stills:
    """The cropped middle slice of ``version``, whose main volume is ``image``."""
    scale = None
    if pictures.isdisjoint(("em", "labels")):
        return Stills(em=picture_of(version, CARRIED, pictures), labels=NO_PICTURE, scale=None, is_carried=True)
    if image is not None:
        low, high = extent_nm(image)
        if {"x", "y"} <= low.keys():
            scale = scale_bar(min(high["x"] - low["x"], (high["y"] - low["y"]) * PICTURE_ASPECT))
    return Stills(em=picture_of(version, "em", pictures), labels=picture_of(version, "labels", pictures), scale=scale)


def main_volume(volumes: Sequence[Volume]) -> Volume | None:
    """The volume that stands for a version: its first electron micrograph, else its first volume."""
    return first_image([volume for volume in volumes if volume.levels])


LONGEST_LEAD = 800


def specimen_of(version: DatasetVersion) -> Specimen:
    """What is said of the specimen; nothing, in a draft that is not that far."""
    return getattr(version, "specimen", None) or Specimen()


def acquisition_of(version: DatasetVersion) -> Acquisition | None:
    """What is said of the acquisition, if anything."""
    return getattr(version, "acquisition", None)


def lead_of(version: DatasetVersion) -> tuple[str, str]:
    """The first paragraph of the description, as far as it can stand beside a picture, and the others."""
    first, _, rest = version.description.replace("\r\n", "\n").strip().partition("\n\n")
    sentence = first.rfind(". ", 0, LONGEST_LEAD) + 1 if len(first) > LONGEST_LEAD else 0
    if sentence:
        first, rest = first[:sentence], f"{first[sentence:].strip()}\n\n{rest}"
    return first, rest.strip()


def go_url(go_id: str) -> str:
    """The page of a Gene Ontology term; ``""`` for none."""
    return f"https://amigo.geneontology.org/amigo/term/{go_id}" if go_id else ""
