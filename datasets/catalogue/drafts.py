"""What can be said in a draft, checked; and what one says, in the same form.

Lengths are in nm, and what has a side or a place by axis is (x, y, z).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rest_framework import serializers

from datasets.catalogue.models import (
    Acquisition,
    DatasetVersion,
    Publication,
    Specimen,
    SpecimenTerm,
    View,
    Volume,
)
from datasets.catalogue.models.people import CREDIT_ROLES
from datasets.catalogue.models.sample import CURIE, Method
from datasets.catalogue.queries.people import visible_people
from datasets.catalogue.records import Record
from datasets.catalogue.statements import LARGEST_TAXON, LAYOUTS, MOST_ROLES, DoiField, Number, OrcidField, licence_of

PLAIN = ("title", "description", "licence", "credit", "keywords", "change_note")
MOST_ROWS, LONGEST_TEXT = 1000, 50_000
_MOST_FINDINGS, _LONGEST_MESSAGE = 100, 300


@dataclass(frozen=True)
class Finding:
    """What is wrong with one field: its place as a JSON pointer, and the values it can have where they are few."""

    where: str
    message: str
    allowed: tuple[str, ...] = ()


class Strict(serializers.Serializer[Any]):
    """A serializer that refuses fields it does not know. A field that is not given stays as it is."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := [name for name in data if name not in self.fields]):
            raise serializers.ValidationError({str(name): ["There is no such field here."] for name in unknown})
        return super().to_internal_value(data)


class LayerField(serializers.CharField):
    """The path of a volume of the draft that can be shown."""

    default_error_messages = {"absent": "The draft has no volume there that can be shown."}

    @property
    def choices(self) -> list[str]:
        return list(self.context.get("layers", ()))

    def to_internal_value(self, data: Any) -> str:
        path: str = super().to_internal_value(data)
        if path not in self.context.get("layers", ()):
            self.fail("absent")
        return path


class RoleField(serializers.ChoiceField):
    """One of CRediT's roles, or one that the draft names already: what was published from a file may say others."""

    def __init__(self) -> None:
        super().__init__(choices=CREDIT_ROLES)

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, str) and data in self.context.get("roles", ()):
            return data
        role: str = super().to_internal_value(data)
        return role


def _line(max_length: int, **options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=max_length, required=False, allow_blank=True, **options)


def _text(**options: Any) -> serializers.CharField:
    return _line(LONGEST_TEXT, trim_whitespace=False, **options)


def _list(fields: type[Strict]) -> serializers.ListSerializer[Any]:
    return serializers.ListSerializer(child=fields(), required=False, max_length=MOST_ROWS)


def _number(**options: Any) -> Number:
    return Number(required=False, allow_null=True, **options)


def _triple(**options: Any) -> serializers.ListField:
    return serializers.ListField(
        child=Number(**options), min_length=3, max_length=3, required=False, allow_null=True, help_text="x, y, z in nm"
    )


class TermFields(Strict):
    """A term said of a specimen."""

    kind = serializers.ChoiceField(choices=SpecimenTerm.Kind.choices)
    label = serializers.CharField(max_length=300)  # type: ignore[assignment]  # the field, not its base's property
    curie = serializers.RegexField(
        CURIE,
        max_length=60,
        allow_blank=True,
        default="",
        error_messages={"invalid": "A CURIE has a prefix, a colon and a name, as in UBERON:0002107."},
    )


class SpecimenFields(Strict):
    """What was imaged."""

    organism = _line(200)
    ncbi_taxon = serializers.IntegerField(min_value=1, max_value=LARGEST_TAXON, required=False, allow_null=True)
    sample = _line(300)
    preparation = _text()
    terms = _list(TermFields)

    def validate_terms(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        _refuse_repeats(rows, "label", lambda row: (row["kind"], row["label"]))
        return rows


class AcquisitionFields(Strict):
    """How it was imaged. A draft that says nothing of it yet needs the method."""

    method = serializers.ChoiceField(choices=Method.choices, required=False)
    instrument = _line(200)
    description = _text()
    voltage_kv = _number(positive=True)
    current_na = _number(positive=True)
    scan_rate_mhz = _number(positive=True)
    bias_voltage_kv = _number(not_negative=True)
    started_on = serializers.DateField(required=False, allow_null=True)
    duration_days = _number(positive=True)
    institution = _line(200)
    source_id = _line(200)
    voxel_nm = _triple(positive=True)
    extent_nm = _triple(positive=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "method" not in attrs and self.context.get("needs_method"):
            raise serializers.ValidationError({"method": ["This field is required."]})
        return attrs


class ContributionFields(Strict):
    """Somebody's part in it."""

    name = serializers.CharField(max_length=200)
    orcid = OrcidField()
    roles = serializers.ListField(child=RoleField(), default=list, max_length=MOST_ROLES)
    organization = _line(200, default="")

    def validate_roles(self, roles: list[str]) -> list[str]:
        return list(dict.fromkeys(roles))


class PublicationFields(Strict):
    """Where it was published."""

    kind = serializers.ChoiceField(choices=Publication.Kind.choices, default=Publication.Kind.PAPER.value)
    doi = DoiField()
    url = serializers.URLField(max_length=500, allow_blank=True, default="")
    title = serializers.CharField(max_length=500)
    citation = _text(default="")


class ViewFields(Strict):
    """A curator's scene."""

    name = serializers.SlugField(max_length=80)
    title = serializers.CharField(max_length=200)
    description = _text(default="")
    layers = serializers.ListField(
        child=LayerField(max_length=512, trim_whitespace=False),
        max_length=200,
        help_text="At least one, where the draft has no view without any",
    )
    position_nm = _triple(default=None)
    orientation = serializers.ListField(
        child=Number(min_value=-1, max_value=1),
        min_length=4,
        max_length=4,
        allow_null=True,
        default=None,
        help_text="Quaternion (x, y, z, w) of the cross-section",
    )
    nm_per_pixel = _number(positive=True, default=None)
    layout = serializers.ChoiceField(choices=LAYOUTS, default="4panel")

    def validate_layers(self, layers: list[str]) -> list[str]:
        if not layers and self.context.get("needs_layers", True):
            raise serializers.ValidationError("A view shows at least one layer.")
        return layers

    def validate_orientation(self, quaternion: list[float] | None) -> list[float] | None:
        if quaternion is not None and not any(quaternion):
            raise serializers.ValidationError("Four zeros are no orientation.")
        return quaternion


class DraftFields(Strict):
    """What a draft can be told. A field that is not given stays as it is; a list that is given replaces the whole."""

    title = serializers.CharField(max_length=300, required=False)
    description = _text()
    licence = _line(64, help_text="SPDX identifier; empty: none is stated")
    credit = _text()
    keywords = serializers.ListField(child=serializers.CharField(max_length=80), required=False, max_length=100)
    change_note = _text()
    specimen = SpecimenFields(required=False)
    acquisition = AcquisitionFields(required=False)
    contributions = _list(ContributionFields)
    publications = _list(PublicationFields)
    views = _list(ViewFields)

    def validate_licence(self, licence: str) -> str:
        return licence_of(licence) if licence else ""

    def validate_keywords(self, keywords: list[str]) -> list[str]:
        return list(dict.fromkeys(keywords))

    def validate_contributions(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        _refuse_repeats(rows, "name", lambda row: row["orcid"] or row["name"])
        names = self._known_names([row["orcid"] for row in rows if row["orcid"]])
        other: dict[str, Any] = {
            str(index): {"name": [f"This ORCID is that of {names[row['orcid']][0]}: write the name so."]}
            for index, row in enumerate(rows)
            if row["name"] not in names.get(row["orcid"], [row["name"]])
        }
        if other:
            raise serializers.ValidationError(other)
        return rows

    def _known_names(self, orcids: list[str]) -> dict[str, list[str]]:
        """How everyone may know that people are called, by ORCID, and how the draft calls them itself."""
        names: dict[str, list[str]] = {}
        known = visible_people(None).filter(orcid__in=orcids).prefetch_related(None)
        for orcid, name in known.values_list("orcid", "name"):
            names.setdefault(orcid, []).append(name)
        for orcid, name in self.context.get("people", ()):
            if orcid in names:
                names[orcid].append(name)
        return names

    def validate_publications(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        _refuse_repeats(rows, "doi", lambda row: row["doi"])
        return rows

    def validate_views(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        _refuse_repeats(rows, "name", lambda row: row["name"])
        return rows


def find_faults(fields: DraftFields) -> list[Finding]:
    """What is wrong with the data that ``fields`` were given, field by field."""
    if fields.is_valid():
        return []
    findings = []
    for place, message in islice(_flatten(fields.errors, ()), _MOST_FINDINGS):
        pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in place)
        findings.append(Finding(pointer, message[:_LONGEST_MESSAGE], tuple(_allowed(fields, place))))
    return findings


def said_by(draft: DatasetVersion) -> dict[str, Any]:
    """What ``draft`` says of what can be changed, as a change would say it, in the order of its record."""
    specimen: Specimen | None = getattr(draft, "specimen", None)
    acquisition: Acquisition | None = getattr(draft, "acquisition", None)
    contributions = draft.contributions.select_related("person").order_by("rank", "person__name")
    return {
        **_values(draft, PLAIN),
        "specimen": {
            **_values(specimen or Specimen(), ("organism", "ncbi_taxon", "sample", "preparation")),
            "terms": _rows(specimen.terms.order_by("kind", "rank", "label"), TermFields) if specimen else [],
        },
        "acquisition": _acquisition(acquisition) if acquisition else {},
        "contributions": [
            {"name": each.person.name, "orcid": each.person.orcid, **_values(each, ("roles", "organization"))}
            for each in contributions
        ],
        "publications": _rows(draft.publications.order_by("rank", "title"), PublicationFields),
        "views": _rows(draft.views.order_by("rank", "name"), ViewFields),
    }


def tag_of(record: Record) -> str:
    """The ``ETag`` of a draft that would be frozen with ``record``."""
    return f'"{record.digest}"'


def fields_for(draft: DatasetVersion, change: Any) -> DraftFields:
    """What ``draft`` is to be told, to be checked against what it says."""
    context = {
        "layers": _shown_layers(draft),
        "needs_layers": all(view.layers for view in draft.views.all()),
        "needs_method": not hasattr(draft, "acquisition"),
        "roles": {role for each in draft.contributions.all() for role in each.roles},
        "people": draft.contributions.values_list("person__orcid", "person__name"),
    }
    return DraftFields(data=change, context=context)


def _shown_layers(draft: DatasetVersion) -> Mapping[str, Volume]:
    """The volumes that a view of ``draft`` can show, by path: thousands are looked for among thousands."""
    return {volume.path: volume for volume in draft.volumes.all() if volume.viewable}


def _acquisition(acquisition: Acquisition) -> dict[str, Any]:
    names = [name for name in _names(AcquisitionFields) if not name.endswith("_nm")]
    started_on = acquisition.started_on
    sides = {
        f"{length}_nm": [getattr(acquisition, f"{length}_{axis}_nm") for axis in "xyz"]
        for length in ("voxel", "extent")
    }
    return {
        **_values(acquisition, names),
        "started_on": started_on.isoformat() if started_on else None,
        **{name: None if None in lengths else lengths for name, lengths in sides.items()},
    }


def _rows(rows: Iterable[SpecimenTerm | Publication | View], fields: type[Strict]) -> list[dict[str, Any]]:
    return [_values(row, _names(fields)) for row in rows]


def _names(fields: type[Strict]) -> list[str]:
    return list(fields().fields.keys())


def _values(row: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _refuse_repeats(rows: list[dict[str, Any]], name: str, key: Callable[[dict[str, Any]], Any]) -> None:
    seen: set[Any] = set()
    repeated: dict[str, Any] = {}
    for index, row in enumerate(rows):
        if key(row) in seen:
            repeated[str(index)] = {name: ["It is in the list already."]}
        elif key(row):
            seen.add(key(row))
    if repeated:
        raise serializers.ValidationError(repeated)


def _flatten(errors: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(errors, Mapping):
        for name, inner in errors.items():
            yield from _flatten(inner, place if name == "non_field_errors" else (*place, str(name)))
    elif isinstance(errors, list) and any(isinstance(item, Mapping | list) for item in errors):
        for index, inner in enumerate(errors):
            yield from _flatten(inner, (*place, str(index)))
    elif isinstance(errors, list):
        for message in errors:
            yield place, str(message)
    else:
        yield place, str(errors)


def _allowed(field: Any, place: tuple[str, ...]) -> Iterable[str]:
    """The values that the field at ``place`` can have; where there is no such field, the names of those there are."""
    for part in place:
        if isinstance(field, serializers.ListSerializer | serializers.ListField):
            field = field.child
        elif part in field.fields:
            field = field.fields[part]
        else:
            return list(field.fields.keys())
    return [str(choice) for choice in getattr(field, "choices", ())]
