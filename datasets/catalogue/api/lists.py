"""What every view of the catalogue shares, and lists: pages by cursor, filters, projection, expansion.

A view declares these once. The same declarations refuse what is unknown, and are the API's document.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any, ClassVar

from django.db.models import Model, Prefetch, Q, QuerySet, prefetch_related_objects
from django.http import RawPostDataException
from django.utils.cache import get_conditional_response, patch_vary_headers
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets.catalogue.addresses import data_url
from datasets.catalogue.api.caching import NO_CACHE, NO_STORE, say_the_same, say_who_may_keep
from datasets.catalogue.api.filters import MOST_VALUES, Filter
from datasets.catalogue.api.throttles import ReadingThrottle
from datasets.catalogue.queries.paging import Found, first_rows
from datasets.catalogue.queries.visibility import SHARED
from datasets.catalogue.state_requests import QueryInvalid, read_whole

PAGE_SIZE, LARGEST_PAGE = 50, 500
_LONGEST_CURSOR = 8000  # a title of 500 letters of four bytes, in base64
type Loads = Mapping[str, Sequence[str | Prefetch[str]]]


@dataclass(frozen=True)
class Key:
    """A column that a list is ordered by. All keys of an order together are unique, and none is null."""

    name: str
    read: Callable[[Any], Any]
    falling: bool = False

    @property
    def ordering(self) -> str:
        return f"-{self.name}" if self.falling else self.name


def read_text(value: Any) -> str:
    """A key that is text."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(value)
    value.encode()  # half a surrogate pair is no text
    return value


def read_number(value: Any) -> int:
    """A key that is a row's number."""
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError(value)
    return value


def read_time(value: Any) -> dt.datetime:
    """A key that is a time."""
    time = dt.datetime.fromisoformat(read_text(value))
    if time.tzinfo is None or not 1 < time.year < 9999:
        raise ValueError(value)
    return time


class CatalogueView(APIView):
    """A view that reads the catalogue: ``ETag`` and ``If-None-Match``, and caches told who may keep the answer.

    What a stranger is told everyone may know: caches keep it and ask again. All else is for whoever asked.
    """

    throttle_classes: Sequence[Any] = [ReadingThrottle]
    filters: ClassVar[Sequence[Filter]] = ()
    expansions: ClassVar[Loads] = {}
    """What is shown only with ``expand=``, each with what is to be loaded for it."""
    loads: ClassVar[Loads] = {}
    """What is to be loaded for a field that is shown without being asked for."""
    serializer: ClassVar[type[serializers.BaseSerializer[Any]] | None] = None
    paged = False
    is_list = False
    """Whether the answer is ``{"results", "next"}``."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if not response.has_header("Cache-Control") or response.status_code >= 400:
            user = getattr(request, "user", None)
            is_known = user is not None and (user.is_authenticated or hasattr(user, SHARED))
            say_who_may_keep(response, NO_STORE if is_known else NO_CACHE)
        if not isinstance(response, Response) or response.status_code >= 300:
            return response
        patch_vary_headers(response, ["Authorization", "Cookie"])
        if request.method in ("GET", "HEAD"):
            response.add_post_render_callback(lambda rendered: _tagged(request, rendered))
        return response

    def chosen(self, request: Request) -> dict[str, Any]:
        """For serializers: the names of the fields that are ``shown``, as ``fields=`` and ``expand=`` ask, and of
        those the ones ``expanded``.

        Raises:
            QueryInvalid: there is no such field.
        """
        assert self.serializer is not None, "the view has a serializer"
        names = field_names(self.serializer)
        expanded = _chosen(request, "expand", self.expansions) if self.expansions else set()
        kept = _chosen(request, "fields", names)
        plain = kept or set(names) - (set(self.expansions) - set(self.loads))
        return {"shown": plain | expanded, "expanded": expanded}

    def to_load(self, chosen: Mapping[str, Any]) -> Iterator[str | Prefetch[str]]:
        """What is to be loaded for the fields that are :meth:`chosen`."""
        for name in sorted(chosen["shown"]):
            is_plain = name in self.loads and name not in chosen["expanded"]
            yield from (self.loads if is_plain else self.expansions).get(name, ())

    def parameters(self) -> list[str]:
        """What may be asked here."""
        names = [it.name for it in self.filters]
        names += ["limit", "cursor"] if self.paged else []
        return [*names, *(["fields"] if self.serializer else []), *(["expand"] if self.expansions else [])]

    def context(self, request: Request) -> dict[str, Any]:
        """What serializers need beside their row."""
        return {"request": request, "data_url": data_url(request._request)}

    def one(self, request: Request, row: Any, **context: Any) -> Response:
        """The answer that shows one row."""
        assert self.serializer is not None, "a view of one row has a serializer"
        known(request, *self.parameters())
        chosen = self.chosen(request)
        if isinstance(row, Model):
            prefetch_related_objects([row], *self.to_load(chosen))
        return Response(self.serializer(row, context=self.context(request) | chosen | context).data)

    def several(self, request: Request, rows: Sequence[Any], **context: Any) -> Response:
        """The answer that shows a few rows, without pages."""
        assert self.serializer is not None, "a view of rows has a serializer"
        known(request, *self.parameters())
        context = self.context(request) | self.chosen(request) | context
        return Response({"results": self.serializer(rows, many=True, context=context).data, "next": None})


class ListView(CatalogueView):
    """A list: ``{"results": […], "next": absolute URL or null}``."""

    order: ClassVar[Sequence[Key]] = (Key("pk", read_number),)
    paged = is_list = True

    def rows(self, request: Request, **named: Any) -> QuerySet[Any]:
        """All rows that the caller may see."""
        raise NotImplementedError

    def get(self, request: Request, **named: Any) -> Response:
        """One page of the list."""
        known(request, *self.parameters())
        chosen = self.chosen(request)
        rows = self.narrowed(self.rows(request, **named), request)
        rows = rows.prefetch_related(*self.to_load(chosen))
        limit = read_whole(request.query_params, "limit", PAGE_SIZE, least=1, most=LARGEST_PAGE)
        found = self.first(self._after(rows, request), [key.ordering for key in self.order], limit)
        address = self.next_url(request, found.places[-1]) if found.is_more else None
        return Response({"results": self.results(found.rows, request, chosen), "next": address})

    def narrowed(self, rows: QuerySet[Any], request: Request) -> QuerySet[Any]:
        """Those that the filters leave.

        Raises:
            QueryInvalid: a filter is given what it is not.
        """
        for each in self.filters:
            if texts := request.query_params.getlist(each.name):
                rows = each.apply(rows, texts)
        return rows

    def first(self, rows: QuerySet[Any], order: Sequence[str], most: int) -> Found[Any]:
        """The first rows of the list."""
        return first_rows(rows, order, most)

    def results(self, rows: list[Any], request: Request, chosen: dict[str, Any]) -> Any:
        """How the rows of a page look."""
        assert self.serializer is not None, "a list has a serializer"
        return self.serializer(rows, many=True, context=self.context(request) | chosen).data

    def _after(self, rows: QuerySet[Any], request: Request) -> QuerySet[Any]:
        text = request.query_params.get("cursor")
        if text is None:
            return rows
        place = read_cursor(text, self.order)
        further, same = Q(), Q()
        for key, value in zip(self.order, place, strict=True):
            further |= same & Q(**{f"{key.name}__{'lt' if key.falling else 'gt'}": value})
            same &= Q(**{key.name: value})
        first = self.order[0]  # said by itself, so that an index can begin there
        return rows.filter(Q(**{f"{first.name}__{'lte' if first.falling else 'gte'}": place[0]}), further)

    def next_url(self, request: Request, last: Sequence[Any]) -> str:
        """Where the list goes on behind a place."""
        query = request.query_params.copy()
        query["cursor"] = write_cursor([it.isoformat() if isinstance(it, dt.datetime) else it for it in last])
        return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


class Shown(serializers.Serializer[Any]):
    """A serializer that only shows: the fields of ``shown`` in its context, in their order; all where nothing is said.

    How each field is read is looked up once for all rows. REST framework does so for each of them, which takes longer
    than to read it.
    """

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        shown = self._context.get("shown")
        return fields if shown is None else {name: it for name, it in fields.items() if name in shown}

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {name: read(instance) for name, read in self._readers}

    @cached_property
    def _readers(self) -> list[tuple[str, Callable[[Any], Any]]]:
        return [(name, _reader(field)) for name, field in self.fields.items()]


def _reader(field: Any) -> Callable[[Any], Any]:
    show = field.to_representation
    if field.source == "*":
        return show  # type: ignore[no-any-return]
    find = attrgetter(field.source)

    def read(row: Any) -> Any:
        try:
            value = find(row)
        except AttributeError:  # a row that would be at the other end, and is not there
            if not field.allow_null:
                raise
            return None
        return None if value is None else show(value)

    return read


def field_names(serializer: type[serializers.BaseSerializer[Any]]) -> tuple[str, ...]:
    """The names of all fields of a serializer."""
    return _field_names(serializer)  # type: ignore[arg-type]  # only a serializer itself has no hash


@lru_cache(maxsize=128)
def _field_names(serializer: type[Any]) -> tuple[str, ...]:
    return tuple(serializer().get_fields())


def known(request: Request, *names: str) -> None:
    """Refuse what is none of these parameters.

    Raises:
        QueryInvalid
    """
    for name in request.query_params:
        if name not in names:
            raise QueryInvalid(
                "There is no such parameter here", where=name[:60], fix=f"Known: {', '.join(names) or 'none'}"
            )


def read_body(request: Request) -> Any:
    """The body as JSON; empty is ``{}``.

    Raises:
        ParseError: it is no JSON.
        RequestDataTooBig: it is told as what it is by whoever answers (``portal.problems``).
    """
    try:
        return request.data if request._request.body else {}
    except (RecursionError, RawPostDataException):
        raise exceptions.ParseError("The body is no JSON that can be read here") from None


def _chosen(request: Request, name: str, names: Iterable[str]) -> set[str]:
    texts = request.query_params.getlist(name)
    chosen = [word for text in texts for word in text.split(",") if word]
    allowed = list(names)
    if len(chosen) > MOST_VALUES or (texts and not chosen):
        raise QueryInvalid("Give some names", where=name, fix=f"Known: {', '.join(allowed)}")
    for word in chosen:
        if word not in allowed:
            raise QueryInvalid(f"{word[:40]!r} is not known", where=name, fix=f"Known: {', '.join(allowed)}")
    return set(chosen)


def write_cursor(place: Sequence[Any]) -> str:
    """A place in a list, for an address."""
    text = json.dumps(place, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, order: Sequence[Key]) -> list[Any]:
    """The place that :func:`write_cursor` wrote: what each key is there.

    Raises:
        QueryInvalid
    """
    try:
        if not re.fullmatch(rf"[\w-]{{1,{_LONGEST_CURSOR}}}", text, re.ASCII):
            raise ValueError(text)
        place = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
        if not isinstance(place, list) or len(place) != len(order):
            raise ValueError(text)
        return [key.read(value) for key, value in zip(order, place, strict=True)]
    except (ValueError, binascii.Error, OverflowError, RecursionError) as error:
        raise QueryInvalid(
            "This is no place in the list", where="cursor", fix='Follow the address in "next"'
        ) from error


def _tagged(request: Request, response: Any) -> Any:
    if response.has_header("ETag"):  # a draft's: of what would be frozen, and the answer says more than that
        return response
    response["ETag"] = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    answer = get_conditional_response(request._request, etag=response["ETag"], response=response)
    if answer is not None and answer is not response:
        say_the_same(answer, response)
    return answer
