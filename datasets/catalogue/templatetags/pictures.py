"""The tag that puts a still picture on a page: ``{% picture card.stills.em "card" forloop.counter eager=4 %}``."""

from __future__ import annotations

from typing import Final

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from datasets.catalogue.slices import HEIGHT, WIDTH, Picture

register = template.Library()

SIZES: Final = {
    "stage": "(min-width: 1328px) 820px, (min-width: 900px) 62vw, 100vw",
    "lone card": "(min-width: 1328px) 790px, (min-width: 720px) 60vw, 100vw",
    "card": "(min-width: 656px) 320px, 100vw",
    "class": "(min-width: 528px) 320px, 100vw",
    "view": "(min-width: 900px) 200px, (min-width: 560px) 25vw, 50vw",
    "hit": "(min-width: 560px) 160px, 96px",
    "thumb": "48px",
}
"""How wide a picture is, in CSS pixels, at each of its places: the browser chooses the file before the styles came."""

_WHOLE: Final = {"stage", "lone card"}


@register.simple_tag
def picture(shown: Picture, place: str, number: int = 1, eager: int = 0, alt: str = "") -> SafeString:
    """A picture in the widths that there are, of a fixed shape so that nothing moves when it comes.

    Args:
        place: where it stands, of ``SIZES``.
        number: which of its list it is, from 1.
        eager: so many of the list are on the first screen: asked for at once, the first before all others.
    """
    urgency = ""
    if number > eager:
        urgency = ' loading="lazy"'
    elif number == 1:
        urgency = ' fetchpriority="high"'
    return _image(shown, place, alt, SafeString(urgency))


@register.simple_tag
def picture_over(shown: Picture, place: str) -> SafeString:
    """The picture that appears over another when that is pointed at, and is not asked for before."""
    return _image(shown, place, "", SafeString(' loading="lazy" class="over"'))


def _image(shown: Picture, place: str, alt: str, more: SafeString) -> SafeString:
    srcset = shown.srcset if place in _WHOLE else shown.small_srcset
    choice = format_html(' srcset="{}" sizes="{}"', srcset, SIZES[place]) if srcset else ""
    return format_html(
        '<img src="{}"{} alt="{}" width="{}" height="{}"{}>', shown.url, choice, alt, WIDTH, HEIGHT, more
    )
