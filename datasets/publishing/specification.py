"""The specification of a dataset: what a curator says about data, in one TOML file.

:func:`read_specification` parses and checks it as a whole; an unknown field is an error, never silently ignored.
``docs/guides/publishing.md`` describes each field.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rest_framework import serializers

from datasets.catalogue.models import Segmentation, Visibility
from datasets.catalogue.models.dataset import DATASET_NAME
from datasets.catalogue.models.sample import Method
from datasets.catalogue.models.volume import Coverage, Kind
from datasets.catalogue.statements import (
    LARGEST_TAXON,
    LAYOUTS,
    LONGEST_ROLE,
    MOST_ROLES,
    DoiField,
    Number,
    OrcidField,
    licence_of,
)
from datasets.storage.keys import canonical_key
from datasets.volumes.errors import CisternaError

MAX_SPECIFICATION_BYTES = 1024 * 1024


class SpecificationInvalid(CisternaError):
    """The specification does not parse, lacks something, or says something that does not exist."""

    slug = "specification-invalid"
    status = 400
    title = "The specification cannot be used"

    def __init__(self, what: str, *, where: str = "", fix: str = "", findings: list[tuple[str, str]] | None = None):
        super().__init__(what, where=where, fix=fix)
        self.findings = findings or []

    def problem(self) -> dict[str, Any]:
        return super().problem() | {"findings": [{"where": w, "message": m} for w, m in self.findings]}


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses fields it does not know, naming the nearest that it does."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = {
                key: [f"Unknown field. Known here: {', '.join(self.fields)}"]
                for key in data.keys() - self.fields.keys()
            }
            if unknown:
                raise serializers.ValidationError(unknown)
        return super().to_internal_value(data)


def _text(max_length: int = 300, **options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=max_length, **options)


def _optional_text(max_length: int = 300) -> serializers.CharField:
    return _text(max_length, required=False, allow_blank=True, default="")


def _positive() -> Number:
    return Number(required=False, min_value=1e-9, default=None)


class SpecimenSpecification(StrictSerializer):
    organism = _optional_text(200)
    ncbi_taxon = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_TAXON, default=None)
    sample = _optional_text(200)
    tissue = _optional_text(200)
    cell_line = _optional_text(200)
    treatment = _optional_text()
    preparation = _optional_text(5000)


def _unknown_specimen() -> dict[str, Any]:
    nothing_said = SpecimenSpecification(data={})
    nothing_said.is_valid(raise_exception=True)
    return dict(nothing_said.validated_data)


class AcquisitionSpecification(StrictSerializer):
    method = serializers.ChoiceField(choices=Method.values)
    instrument = _optional_text(200)
    description = _optional_text(5000)
    voltage_kv = _positive()
    current_na = _positive()
    scan_rate_mhz = _positive()
    started_on = serializers.DateField(required=False, default=None)
    duration_days = _positive()


class CoverageSpecification(StrictSerializer):
    organelle = _text(40)
    found = serializers.ChoiceField(choices=Coverage.Found.values, default=Coverage.Found.PRESENT)
    label_value = serializers.IntegerField(required=False, min_value=0, max_value=2**63 - 1, default=None)


class SegmentationSpecification(StrictSerializer):
    type = serializers.ChoiceField(choices=Segmentation.Type.values)
    method = serializers.ChoiceField(choices=Segmentation.Method.values)
    method_detail = _optional_text()
    subject = _optional_text(120)
    organelles = CoverageSpecification(many=True, required=False, default=list)


class VolumeSpecification(StrictSerializer):
    path = _text(512)
    kind = serializers.ChoiceField(choices=Kind.values)
    title = _text()
    description = _optional_text(5000)
    contrast = serializers.ListField(child=Number(), min_length=2, max_length=2, required=False, default=None)
    colour = serializers.RegexField(r"^#[0-9a-f]{6}$", required=False, default="")
    download_only = serializers.BooleanField(default=False)
    segmentation = SegmentationSpecification(required=False, default=None)

    def validate_path(self, path: str) -> str:
        try:
            return canonical_key(path.encode())
        except CisternaError as error:
            raise serializers.ValidationError(str(error)) from None

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["kind"] == Kind.SEGMENTATION) != (attrs["segmentation"] is not None):
            raise serializers.ValidationError(
                'A [volumes.segmentation] table goes with kind = "segmentation", and only with it'
            )
        if attrs["contrast"] and not attrs["contrast"][0] < attrs["contrast"][1]:
            raise serializers.ValidationError({"contrast": "The first number must be below the second"})
        return attrs


class ViewSpecification(StrictSerializer):
    name = serializers.SlugField(max_length=80)
    title = _text(200)
    description = _optional_text(5000)
    layers = serializers.ListField(child=_text(512), min_length=1, max_length=200)
    position_nm = serializers.ListField(child=Number(), min_length=3, max_length=3)
    orientation = serializers.ListField(
        child=Number(min_value=-1, max_value=1),
        min_length=4,
        max_length=4,
        required=False,
        default=None,
    )
    nm_per_pixel = _positive()
    layout = serializers.ChoiceField(choices=LAYOUTS, default="4panel")


class PublicationSpecification(StrictSerializer):
    doi = DoiField()
    url = serializers.URLField(max_length=500, required=False, default="")
    title = _text(500)
    citation = _optional_text(5000)


class ContributionSpecification(StrictSerializer):
    name = _text(200)
    orcid = OrcidField()
    roles = serializers.ListField(child=_text(LONGEST_ROLE), required=False, default=list, max_length=MOST_ROLES)
    organization = _optional_text(200)


class DatasetSpecification(StrictSerializer):
    """The whole file."""

    name = serializers.RegexField(rf"^{DATASET_NAME}$", error_messages={"invalid": f"A name matches {DATASET_NAME}"})
    title = _text()
    description = _optional_text(20000)
    licence = _text(64)
    credit = _optional_text(5000)
    keywords = serializers.ListField(child=_text(80), required=False, default=list, max_length=50)
    visibility = serializers.ChoiceField(choices=[Visibility.PUBLIC, Visibility.PRIVATE], default=Visibility.PRIVATE)
    contact_name = _optional_text(200)
    contact_email = serializers.EmailField(required=False, default="")
    data = _text(2000)  # type: ignore[assignment]  # a declared field, not the property of its base
    specimen = SpecimenSpecification(required=False, default=_unknown_specimen)
    acquisition = AcquisitionSpecification()
    volumes = VolumeSpecification(many=True, allow_empty=False)
    views = ViewSpecification(many=True, required=False, default=list)
    publications = PublicationSpecification(many=True, required=False, default=list)
    contributions = ContributionSpecification(many=True, required=False, default=list)

    def validate_licence(self, licence: str) -> str:
        return licence_of(licence)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        paths = [volume["path"] for volume in attrs["volumes"]]
        _refuse_repeats(paths, "volumes", "path")
        _refuse_repeats([view["name"] for view in attrs["views"]], "views", "name")
        _refuse_repeats([it["doi"] for it in attrs["publications"] if it["doi"]], "publications", "DOI")
        _refuse_repeats([c["orcid"] or c["name"] for c in attrs["contributions"]], "contributions", "person")
        downloads = {volume["path"] for volume in attrs["volumes"] if volume["download_only"]}
        for view in attrs["views"]:
            for layer in view["layers"]:
                if layer not in paths:
                    raise serializers.ValidationError({"views": f"{view['name']}: there is no volume at {layer!r}"})
                if layer in downloads:
                    raise serializers.ValidationError({"views": f"{view['name']}: {layer!r} is only downloaded"})
        return attrs


def read_specification(path: Path) -> dict[str, Any]:
    """The checked content of the TOML file at ``path``; ``data`` stays as written.

    Raises:
        SpecificationInvalid: with every finding, each naming its field.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_SPECIFICATION_BYTES + 1)
    except OSError as error:
        raise SpecificationInvalid(
            f"The file cannot be read: {error.strerror}", where=str(path), fix="Give the path of a TOML file"
        ) from None
    if len(text) > MAX_SPECIFICATION_BYTES:
        raise SpecificationInvalid("The file is larger than 1 MiB", where=str(path), fix="Shorten its texts")
    try:
        data = tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecificationInvalid(f"The file is not TOML: {error}", where=str(path), fix="Mend it there") from None
    return check_specification(data, where=str(path))


def check_specification(data: Mapping[str, Any], *, where: str = "") -> dict[str, Any]:
    """The checked content of a specification given as plain data.

    Raises:
        SpecificationInvalid: with every finding, each naming its field.
    """
    serializer = DatasetSpecification(data=data)
    if not serializer.is_valid():
        findings = list(_flatten(serializer.errors))
        what = "; ".join(f"{field}: {message}" if field else message for field, message in findings)
        raise SpecificationInvalid(what, where=where, fix="Correct these fields", findings=findings)
    checked: dict[str, Any] = serializer.validated_data
    return checked


def _flatten(errors: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(errors, Mapping):
        for field, inner in errors.items():
            name = "" if field == "non_field_errors" else str(field)
            yield from _flatten(inner, f"{path}.{name}" if path and name else path or name)
    elif isinstance(errors, list) and any(isinstance(item, Mapping) for item in errors):
        for index, inner in enumerate(errors):
            if inner:
                yield from _flatten(inner, f"{path}[{index}]")
    elif isinstance(errors, list):
        for message in errors:
            yield path, str(message)
    else:
        yield path, str(errors)


def _refuse_repeats(values: list[str], field: str, key: str) -> None:
    repeated = sorted({value for value in values if values.count(value) > 1})
    if repeated:
        raise serializers.ValidationError({field: f"The same {key} twice: {', '.join(repeated)}"})
