"""The filter that shows an error's words: a full sentence, with the site's own addresses as links."""

import re

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_SITE_ADDRESS = re.compile(r"(?<!\S)(/(?:datasets|problems|v)/[\w@/-]*)")


@register.filter
def sentence(words: str) -> SafeString:
    """The words with a full stop, escaped, each address of this site (``/datasets/cell@2/``) a link."""
    if not words:
        return SafeString("")
    ended = words if words.endswith((".", "?", "!")) else f"{words}."
    parts = _SITE_ADDRESS.split(ended)
    linked = [
        format_html('<a class="link" href="{0}">{0}</a>', part) if index % 2 else conditional_escape(part)
        for index, part in enumerate(parts)
    ]
    return mark_safe("".join(linked))  # noqa: S308 (every part was escaped above)
