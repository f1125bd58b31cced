"""In what versions differ, and what would break without one."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from datasets.catalogue.addresses import Reference
from datasets.catalogue.api.lists import CatalogueView, known
from datasets.catalogue.change_texts import say_where
from datasets.catalogue.queries.version_changes import VersionChanges, find_changes
from datasets.catalogue.queries.withdrawals import KINDS as BREAKABLE
from datasets.catalogue.queries.withdrawals import Withdrawal, find_retirement
from datasets.catalogue.record_changes import Kind, Place
from datasets.catalogue.state_requests import read_label
from datasets.catalogue.withdrawal_texts import say_broken

_TEXT: dict[str, Any] = {"type": "string"}
_KIND = {"type": "string", "enum": [str(it) for it in Kind]}
_PLACE: dict[str, Any] = {
    "type": ["object", "null"],
    "required": ["single", "revision"],
    "properties": {"single": {"type": "boolean"}, "revision": _TEXT, "root": _TEXT, "key": _TEXT},
}
_CHANGES: dict[str, Any] = {
    "type": "object",
    "required": ["version", "since", "change_note", "changes", "mounts"],
    "properties": {
        "version": _TEXT,
        "since": {"type": ["string", "null"], "description": "null: there is no published version before"},
        "change_note": _TEXT,
        "changes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "words", "kind", "before", "after"],
                "properties": {
                    "path": {"type": "array", "items": _TEXT, "description": "What has a name stands under it"},
                    "words": _TEXT,
                    "kind": _KIND,
                    "before": {"description": "null: nothing. Of what is reordered, the names in their order"},
                    "after": {},
                },
            },
        },
        "mounts": {
            "type": "array",
            "description": "root and key are told to members alone",
            "items": {
                "type": "object",
                "required": ["path", "kind", "before", "after"],
                "properties": {"path": _TEXT, "kind": _KIND, "before": _PLACE, "after": _PLACE},
            },
        },
    },
}
_WITHDRAWAL: dict[str, Any] = {
    "type": "object",
    "required": ["version", "newest", "instead", "broken"],
    "properties": {
        "version": _TEXT,
        "newest": _TEXT | {"description": "What the dataset's own address leads to now"},
        "instead": {"type": ["string", "null"], "description": "What it leads to without the version; null: nothing"},
        "broken": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["kind", "words", "count", "examples"],
                "properties": {
                    "kind": {"type": "string", "enum": list(BREAKABLE)},
                    "words": _TEXT,
                    "count": {"type": "integer", "minimum": 1},
                    "examples": {
                        "type": "array",
                        "description": "Up to ten that the caller may know of",
                        "items": {
                            "type": "object",
                            "required": ["name", "url"],
                            "properties": {"name": _TEXT, "url": {"type": ["string", "null"], "format": "uri"}},
                        },
                    },
                },
            },
        },
    },
}


class ChangeList(CatalogueView):
    """What a version says and shows otherwise than another of its dataset: than the published one before it, or the
    one that is named by ``since``."""

    asked: ClassVar = {
        "since": (
            {"type": "string", "pattern": "^([1-9][0-9]{0,8}|draft)$"},
            "The version to compare with: its number, or draft",
        )
    }
    said: ClassVar = {"application/json": _CHANGES}

    def get(self, request: Request, ref: Reference) -> Response:
        known(request, *self.asked)
        since = read_label(request.query_params, "since")
        return Response(_shown(find_changes(ref.name, ref.label, since, request.user)))


def _shown(changes: VersionChanges) -> dict[str, Any]:
    return {
        "version": str(changes.version),
        "since": str(changes.since) if changes.since else None,
        "change_note": changes.version.change_note,
        "changes": [
            {"path": it.path, "words": say_where(it), "kind": it.kind, "before": it.before, "after": it.after}
            for it in changes.said
        ],
        "mounts": [
            {
                "path": it.path,
                "kind": it.kind,
                **{name: _place(getattr(it, name), changes.shows_places) for name in ("before", "after")},
            }
            for it in changes.mounts
        ],
    }


def _place(place: Place | None, is_shown: bool) -> dict[str, Any] | None:
    if place is None:
        return None
    told = {"single": place.single, "revision": place.revision}
    return told | {"root": place.root, "key": place.key} if is_shown else told


class WithdrawalDetail(CatalogueView):
    """What would break if a version were retired: whatever here refers to it, counted, with examples. For the owners of
    its dataset."""

    said: ClassVar = {"application/json": _WITHDRAWAL}

    def get(self, request: Request, ref: Reference) -> Response:
        known(request)
        return Response(_withdrawal(find_retirement(ref.name, ref.label, request.user), request))


def _withdrawal(withdrawal: Withdrawal, request: Request) -> dict[str, Any]:
    return {
        "version": withdrawal.subject,
        "newest": withdrawal.newest,
        "instead": withdrawal.instead,
        "broken": [
            {
                "kind": it.kind,
                "words": say_broken(it),
                "count": it.count,
                "examples": [
                    {"name": each.name, "url": request.build_absolute_uri(each.url) if each.url else None}
                    for each in it.examples
                ],
            }
            for it in withdrawal.broken
        ],
    }
