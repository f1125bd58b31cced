"""``Idempotency-Key``: whoever asks again because no answer came gets the first one's answer, and nothing twice.

A key belongs to an account, for a day. What failed made nothing: its key can be used again. Strangers have no keys;
what they can make is the same thing when it is made again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from datasets.catalogue.models import KeptAnswer
from datasets.catalogue.state_requests import QueryInvalid
from datasets.volumes.errors import CisternaError

HEADER = "Idempotency-Key"
ONCE = {HEADER: (False, "The same key again gets the same answer, for a day")}
"""The header in the API's document."""

KEPT = dt.timedelta(days=1)
GIVEN_UP = dt.timedelta(minutes=2)
"""A request that is at work for so long has died with its process. Should it live, it makes nothing any more."""

_KEY = re.compile(r"[!-~]{1,120}")
_HEADERS = ("ETag", "Location")


class KeyReused(CisternaError):
    """The key was sent with another request before."""

    slug = "key-reused"
    status = 422
    title = "The key belongs to another request"


class StillRunning(CisternaError):
    """The first request under this key is still at work."""

    slug = "still-running"
    status = 409
    title = "The same request is still at work"
    retry_after_s = 2


def answer_once(request: Request, create: Callable[[], Response]) -> Response:
    """The answer of ``create``; where it was given before under the key of ``request``, the same again.

    The caller has asked whether the account may see and do this now. ``create`` is one transaction with the keeping of
    its answer: there is never the one without the other.

    Raises:
        QueryInvalid: the key has not the form of one.
        KeyReused, StillRunning
    """
    key = request.headers.get(HEADER)
    if key is None or not request.user.is_authenticated:
        return create()
    if not _KEY.fullmatch(key):
        raise QueryInvalid(
            "A key is 1 to 120 visible ASCII characters", where=HEADER, fix="Send a UUID that you made for this request"
        )
    kept, is_new = _claim(request, key)
    if not is_new:
        return _again(kept, _fingerprint(request))
    try:
        with transaction.atomic():
            response = create()
            body = json.loads(JSONRenderer().render(response.data))
            headers = {name: response[name] for name in _HEADERS if response.has_header(name)}
            mine = KeptAnswer.objects.filter(pk=kept.pk, status=None)
            if not mine.update(status=response.status_code, body=body, headers=headers):
                raise StillRunning("It took so long that another took its place", where=key, fix="Ask again")
    except BaseException:
        KeptAnswer.objects.filter(pk=kept.pk, status=None).delete()
        raise
    return response


def _claim(request: Request, key: str) -> tuple[KeptAnswer, bool]:
    now, account = timezone.now(), request.user.pk
    assert account is not None, "it is signed in"
    KeptAnswer.objects.filter(at__lt=now - KEPT).delete()
    KeptAnswer.objects.filter(user_id=account, key=key, status=None, at__lt=now - GIVEN_UP).delete()
    return KeptAnswer.objects.get_or_create(user_id=account, key=key, defaults={"fingerprint": _fingerprint(request)})


def _again(kept: KeptAnswer, fingerprint: str) -> Response:
    if kept.fingerprint != fingerprint:
        raise KeyReused(
            "It was sent with another request before", where=kept.key, fix="Make a new key for each request"
        )
    if kept.status is None:
        raise StillRunning("The first request under this key has no answer yet", where=kept.key, fix="Ask again soon")
    headers: dict[str, Any] = {**kept.headers, "Idempotency-Replayed": "true"}
    return Response(kept.body, status=kept.status, headers=headers)


def _fingerprint(request: Request) -> str:
    """Of method, address and body. The body was read before, whole."""
    asked = request._request
    return hashlib.sha256(f"{asked.method} {asked.get_full_path()}\n".encode() + asked.body).hexdigest()
