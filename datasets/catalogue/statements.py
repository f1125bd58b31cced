"""What curators state of a dataset, checked alike wherever they do: in a draft, and in a specification."""

from __future__ import annotations

import math
from typing import Any

from django.core.exceptions import ValidationError
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from rest_framework import serializers

from datasets.catalogue.models.people import validate_orcid

LAYOUTS = ("4panel", "xy", "xz", "yz", "3d")
LARGEST_TAXON = 2**31 - 1
MOST_ROLES, LONGEST_ROLE = 100, 60
_DOI = r"^10\.[0-9]{4,9}/\S+$"
_LONGEST_LICENCE = 64


class Number(serializers.FloatField):
    """A finite number that is written as one."""

    default_error_messages = {"below": "A number above zero is needed.", "negative": "A number from zero on is needed."}

    def __init__(self, *, positive: bool = False, not_negative: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.positive, self.not_negative = positive, not_negative

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        try:
            number = float(data)
        except OverflowError:
            self.fail("invalid")
        if not math.isfinite(number):
            self.fail("invalid")
        if self.positive and number <= 0:
            self.fail("below")
        if self.not_negative and number < 0:
            self.fail("negative")
        return number


class DoiField(serializers.RegexField):
    """A DOI, or nothing."""

    default_error_messages = {"invalid": "A DOI looks like 10.7554/eLife.25916."}

    def __init__(self) -> None:
        super().__init__(_DOI, max_length=200, allow_blank=True, default="")


class OrcidField(serializers.CharField):
    """An ORCID whose check digit is right, or nothing."""

    def __init__(self) -> None:
        super().__init__(max_length=19, allow_blank=True, default="")

    def run_validation(self, data: Any = serializers.empty) -> Any:
        orcid = super().run_validation(data)
        if orcid:
            try:
                validate_orcid(orcid)
            except ValidationError as error:
                raise serializers.ValidationError(error.messages) from None
        return orcid


def licence_of(text: str) -> str:
    """The SPDX identifier that ``text`` means, as SPDX writes it.

    Raises:
        ValidationError: it means none.
    """
    try:
        identifier = str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        identifier = ""
    if not identifier or len(identifier) > _LONGEST_LICENCE:
        raise serializers.ValidationError("This is no SPDX licence identifier, such as CC-BY-4.0.")
    return identifier
