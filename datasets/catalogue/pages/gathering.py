"""What someone is gathering for download, kept in their session until they keep it under an address of its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase

from datasets.catalogue.queries.selections import check_layers, require_layers

GATHERED = "gathered_layers"
"""The session's key; pages count it in their head."""


def gathered(session: SessionBase) -> list[str]:
    """The references of the layers, sorted."""
    return list(session.get(GATHERED, ()))


def gather(session: SessionBase, layers: Sequence[str], *, by: AbstractBaseUser | AnonymousUser) -> None:
    """Add layers.

    Raises:
        SelectionRefused: they are no layers, or would be too many.
        NotFound, VersionRetired: one of them is not there for ``by``.
    """
    session[GATHERED] = check_layers([*gathered(session), *require_layers([*layers], by)])


def leave_out(session: SessionBase, layers: Collection[str]) -> None:
    """Take layers out again."""
    left = [layer for layer in gathered(session) if layer not in set(layers)]
    if left:
        session[GATHERED] = left
    else:
        session.pop(GATHERED, None)
