"""What a withdrawal breaks, in words."""

from __future__ import annotations

from collections.abc import Iterator

from datasets.catalogue.presentation import format_count
from datasets.catalogue.queries.withdrawals import Broken, Withdrawal

_WORDS = {
    "short_links": ("short link that shows it", "short links that show it"),
    "selections": ("selection with layers of it", "selections with layers of it"),
    "views": ("curated view of it", "curated views of it"),
    "publications": ("publication that it names as its own", "publications that it names as its own"),
    "collections": ("collection that lists it", "collections that list it"),
    "tasks": ("task with ground truth of it", "tasks with ground truth of it"),
    "trained_models": ("version of a model trained on it", "versions of models trained on it"),
    "runs": ("run of a model that made layers of it", "runs of models that made layers of it"),
    "predecessors": ("retired version that leads to it", "retired versions that lead to it"),
    "readers": ("other layer that is read from its addresses", "other layers that are read from its addresses"),
    "share_tokens": ("share token that opens nothing then", "share tokens that open nothing then"),
}


def say_broken(broken: Broken) -> str:
    """How much of one kind breaks: "3 short links that show it"."""
    return format_count(broken.count, *_WORDS[broken.kind])


def say_withdrawal(withdrawal: Withdrawal, *, is_retirement: bool) -> Iterator[str]:
    """All that it breaks, line by line, and what becomes of the dataset's own address."""
    if not withdrawal.broken:
        yield f"Nothing here refers to {withdrawal.subject}"
    else:
        yield f"{'Retiring' if is_retirement else 'Closing'} {withdrawal.subject} breaks"
    for broken in withdrawal.broken:
        names = [it.name if it.name == it.url or not it.url else f"{it.name} ({it.url})" for it in broken.examples]
        more = ["…"] if names and broken.count > len(names) else []
        yield f"  {say_broken(broken)}" + (f": {', '.join([*names, *more])}" if names else "")
    if withdrawal.newest:
        yield say_address(withdrawal, is_retirement=is_retirement)


def say_address(withdrawal: Withdrawal, *, is_retirement: bool) -> str:
    """What becomes of the address without a version."""
    address = f"/datasets/{withdrawal.subject.partition('@')[0]}/"
    if not is_retirement:
        return f"{address} is there for its members alone"
    if withdrawal.newest != withdrawal.subject:
        return f"{address} leads to {withdrawal.newest}, as before"
    if withdrawal.instead:
        return f"{address} leads to {withdrawal.instead} instead"
    return f"{address} leads to nothing: no other version is published"
