"""What every answer of a page or the API carries: a request id and how long it took."""

import logging
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from datasets.catalogue.queries.visibility import SHARED

logger = logging.getLogger("cisterna.request")


class RequestIdentity:
    """Give each request an id (header ``X-Request-Id``, also in the log) and answer with ``Server-Timing``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = uuid.uuid4().hex  # type: ignore[attr-defined]
        started = time.perf_counter()
        response = self.get_response(request)
        duration_ms = (time.perf_counter() - started) * 1000
        response["X-Request-Id"] = request.id  # type: ignore[attr-defined]
        response["Server-Timing"] = f"total;dur={duration_ms:.1f}"
        if response.status_code >= 500:
            logger.error("%s %s %s %s", response.status_code, request.method, request.path, response["X-Request-Id"])
        return response


class PersonalAnswers:
    """What was answered to somebody known by a cookie or a token is not for caches, unless its view says otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_known = (
            settings.SESSION_COOKIE_NAME in request.COOKIES
            or "Authorization" in request.headers
            or hasattr(request.user, SHARED)
        )
        if is_known and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response


class CompressedPages(GZipMiddleware):
    """Pages go over the wire compressed, each with a length of its own, so that it tells nothing of what is secret in
    it. Whatever else is answered is compressed already, or read in parts."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_page = not response.streaming and response.get("Content-Type", "").startswith("text/html")
        return super().process_response(request, response) if is_page else response
