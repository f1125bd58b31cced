"""Errors as answers: RFC 9457 for programs, a page for people."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from rest_framework import exceptions
from rest_framework.response import Response

from datasets.catalogue.queries.visibility import NotAllowed
from datasets.catalogue.state_requests import QueryInvalid
from datasets.volumes.errors import CisternaError

NOT_KEPT = "private, no-store"
"""Caches keep a 404 or a 410 as long as they like, unless told; and what is absent for one is there for another."""
logger = logging.getLogger("cisterna.problem")


class PageAbsent(CisternaError):
    """No page has this address."""

    slug = "not-found"
    status = 404
    title = "Not found"


class DatabaseUnavailable(CisternaError):
    """The database does not answer."""

    slug = "database-unavailable"
    status = 503
    title = "The database does not answer"
    retry_after_s = 10


class RequestInvalid(CisternaError):
    """The request itself is wrong."""

    slug = "request-invalid"
    status = 400
    title = "The request cannot be understood"


class BodyTooLarge(CisternaError):
    """More was sent than is read."""

    slug = "body-too-large"
    status = 413
    title = "The request is too large"


class MethodNotAllowed(CisternaError):
    """The address exists, but not for this method."""

    slug = "method-not-allowed"
    status = 405
    title = "Not with this method"


class TooManyRequests(CisternaError):
    """The caller asks more often than allowed."""

    slug = "too-many-requests"
    status = 429
    title = "Too many requests"

    def __init__(self, what: str, *, retry_after_s: int) -> None:
        super().__init__(what, fix=f"Try again in {retry_after_s} seconds")
        self.retry_after_s = retry_after_s


class FormRefused(CisternaError):
    """A form came without the secret that its page holds: it was open for long, or another site sent it."""

    slug = "form-refused"
    status = 403
    title = "The form was not accepted"


def refuse_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What Django's check against forged forms answers."""
    error = FormRefused(
        "It did not come from a page of this portal that is open now", fix="Open the page again, and send it once more"
    )
    return answer(request, error)


class ProblemMiddleware:
    """Turn a named error of a page into its answer; everything else is left to Django."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # No text here has the character 0, and PostgreSQL does not even take it to look for: one rule for every door.
        if "\0" in request.path:
            return answer(request, PageAbsent("There is nothing at this address"))
        if "%00" in request.META.get("QUERY_STRING", ""):
            return answer(request, _character_0(request))
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, OperationalError):
            logger.exception("database trouble at %s", request.path)
            error = DatabaseUnavailable("The database does not answer", fix="Try again in a moment")
        return answer(request, error) if isinstance(error, CisternaError) else None


def answer(request: HttpRequest, error: CisternaError) -> HttpResponse:
    """The answer to ``error``: a page for a browser, a problem document for a program."""
    problem = _problem(request, error)
    if _wants_html(request):
        response = render(request, "portal/problem.html", {"problem": problem}, status=error.status)
    else:
        response = JsonResponse(problem, status=error.status, content_type="application/problem+json")
    response["Cache-Control"] = NOT_KEPT
    if error.retry_after_s is not None:
        response["Retry-After"] = str(error.retry_after_s)
    if error.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def api_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler: every error of the API is an RFC 9457 document."""
    request: HttpRequest = context["request"]._request
    named = _named(error)
    if named is None:
        return None
    headers = {"Cache-Control": NOT_KEPT}
    if named.retry_after_s is not None:
        headers["Retry-After"] = str(named.retry_after_s)
    if named.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        _problem(request, named), status=named.status, headers=headers, content_type="application/problem+json"
    )


def _named(error: Exception) -> CisternaError | None:
    if isinstance(error, CisternaError):
        return error
    if isinstance(error, Http404):
        return PageAbsent("There is nothing at this address")
    if isinstance(error, PermissionDenied):
        return NotAllowed("This is not yours to do")
    if isinstance(error, OperationalError):
        logger.error("database trouble", exc_info=error)
        return DatabaseUnavailable("The database does not answer", fix="Try again in a moment")
    if isinstance(error, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 2**20
        return BodyTooLarge(f"The body is larger than {most} MiB", fix="Send it in parts")
    if isinstance(error, exceptions.Throttled):
        return TooManyRequests("Too many requests", retry_after_s=int(getattr(error, "wait", None) or 60))
    if isinstance(error, exceptions.MethodNotAllowed):
        return MethodNotAllowed(str(error.detail))
    if isinstance(error, exceptions.PermissionDenied | exceptions.NotAuthenticated):
        return NotAllowed(str(error.detail))
    if isinstance(error, exceptions.APIException):
        return RequestInvalid(str(error.detail))
    return None


def _character_0(request: HttpRequest) -> QueryInvalid:
    names = [name for name, values in request.GET.lists() if "\0" in name + "".join(values)]
    where = names[0].replace("\0", "")[:60] if names else ""
    return QueryInvalid("There is a character 0 in it", where=where, fix="Give printable characters")


def _problem(request: HttpRequest, error: CisternaError) -> dict[str, Any]:
    problem = error.problem()
    problem["type"] = request.build_absolute_uri(problem["type"])
    problem["request_id"] = getattr(request, "id", "")
    whole: dict[str, Any] = _sendable(problem)
    return whole


def _sendable(said: Any) -> Any:
    """The same with half a surrogate pair written as its number: what somebody sent may be quoted, and that cannot be
    sent."""
    if isinstance(said, str):
        return said.encode("utf-8", "backslashreplace").decode()
    if isinstance(said, Mapping):
        return {_sendable(name): _sendable(each) for name, each in said.items()}
    if isinstance(said, list | tuple):
        return [_sendable(each) for each in said]
    return said


def _wants_html(request: HttpRequest) -> bool:
    return not request.path.startswith("/api/") and request.accepts("text/html")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's 404, in our form."""
    return answer(request, PageAbsent("There is nothing at this address", fix="Start from the list of datasets"))


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's 500, in our form."""
    return answer(request, CisternaError("The portal made a mistake", fix="Report it with the request id below"))
