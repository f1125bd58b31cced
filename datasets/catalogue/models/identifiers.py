"""Check digits of identifiers, as conditions that the database itself holds."""

from __future__ import annotations

from django.db.models import BooleanField, Case, F, IntegerField, Value, When
from django.db.models.expressions import Combinable, CombinedExpression
from django.db.models.functions import Cast, StrIndex, Substr
from django.db.models.lookups import Exact

ROR_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def orcid_digit_fits(field: str) -> Case:
    """Whether the last digit of an ORCID (``0000-0002-1825-0097``) fits the others, by ISO 7064 mod 11-2; true where
    the field is empty.

    Digit i of 16, from the left, weighs 2^(16-i); the sum of all is 1 modulo 11, an X counting ten.
    """
    places = [place for place in range(1, 20) if place % 5]  # a dash at each fifth
    total: Combinable = Case(
        When(**{f"{field}__endswith": "X"}, then=Value(10)),
        default=_digit(field, places[-1]),
        output_field=IntegerField(),
    )
    for index, place in enumerate(places[:-1]):
        total = total + _digit(field, place) * Value(2 ** (15 - index))
    return _where_said(field, Exact(_modulo(total, 11), Value(1)))


def ror_digits_fit(field: str) -> Case:
    """Whether the last two digits of a ROR identifier (``013sk6x84``) fit the others, by ISO 7064 mod 97-10; true
    where the field is empty.

    The seven characters before them are a number of base 32, its digits those of :data:`ROR_DIGITS`. It is reduced
    modulo 97 power by power: 32 to the sixth and a hundred times that fit no 32 bits.
    """
    total: Combinable = Cast(Substr(F(field), 8, 2), IntegerField())
    for place in range(1, 8):
        digit = StrIndex(Value(ROR_DIGITS), Substr(F(field), place, 1)) - Value(1)
        total = total + digit * Value(pow(32, 7 - place, 97) * 100 % 97)
    return _where_said(field, Exact(_modulo(total, 97), Value(1)))


def _digit(field: str, place: int) -> Cast:
    return Cast(Substr(F(field), place, 1), IntegerField())


def _modulo(number: Combinable, base: int) -> CombinedExpression:
    return CombinedExpression(number, Combinable.MOD, Value(base), output_field=IntegerField())


def _where_said(field: str, fits: Exact) -> Case:
    return Case(When(**{field: ""}, then=Value(True)), default=fits, output_field=BooleanField())
