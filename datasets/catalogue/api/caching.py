"""Who may keep what the API answers, and which other sites' pages may read it."""

from __future__ import annotations

from django.http.response import HttpResponseBase

NO_STORE, NO_CACHE = "private, no-store", "no-cache"
_OF_OTHER_SITES = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Disposition, Content-Length, ETag, Retry-After",
}


def say_who_may_keep(response: HttpResponseBase, control: str) -> None:
    """Say how long ``response`` may be kept, and that other sites' pages may read what is public.

    Of errors, too, which nobody keeps: a page elsewhere sees why it gets no data. With a caller's credentials no
    browser lets another site read an answer with ``*``.
    """
    is_error = response.status_code >= 400
    response["Cache-Control"] = NO_STORE if is_error else control
    if is_error or control != NO_STORE:
        for name, value in _OF_OTHER_SITES.items():
            response[name] = value


def say_the_same(response: HttpResponseBase, whole: HttpResponseBase) -> None:
    """Say of a 304 what was said of the ``whole`` answer that it stands for."""
    for name in _OF_OTHER_SITES:
        if whole.has_header(name):
            response[name] = whole[name]
