"""Every address of the site, walked from its URL table, filled with the words of one version."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.portal.world import SHARED_BY_ALL, Words

# What a parameter is filled with, by route and parameter; "*" is any route. `ref` is the dataset, perhaps with version.
EXAMPLES: dict[tuple[str, str], Callable[[Words], str]] = {
    ("*", "identifier"): lambda words: words.link,
    ("datasets/<dataset:ref>/pictures/<slug:name>.webp", "name"): lambda words: "em",
    ("datasets/<dataset:ref>/pictures/<slug:name>.<int:width>.webp", "name"): lambda words: "em",
    ("*", "width"): lambda words: "320",
    ("api/v1/datasets/<dataset_ref:ref>/volumes/<path:path>/", "path"): lambda words: words.volume,
    ("api/v1/datasets/<dataset_ref:ref>/volumes/<path:path>/locate", "path"): lambda words: words.segmentation,
    ("api/v1/datasets/<sent_ref:ref>/volumes/<path:path>/cutout", "path"): lambda words: words.volume,
    ("api/v1/datasets/<sent_ref:ref>/volumes/<path:path>/slice", "path"): lambda words: words.volume,
    ("datasets/<dataset:ref>/segmentations/<path:path>/", "path"): lambda words: words.segmentation,
    ("datasets/<dataset:ref>/volumes/<path:path>/", "path"): lambda words: words.volume,
    ("compare/", "path"): lambda words: words.segmentation,
    ("*", "name"): lambda words: SHARED_BY_ALL,
    ("*", "number"): lambda words: "1",
    ("*", "short_name"): lambda words: "mito",
    ("*", "uid"): lambda words: "0123456789abcdef",
    ("*", "token"): lambda words: "a-token-that-nobody-gave-out",
    ("problems/<slug:slug>/", "slug"): lambda words: "not-found",
    ("guides/<slug:slug>/", "slug"): lambda words: "ground-truth",
}
# Without these a route answers before it looks for the dataset.
QUERIES = {
    "compare/": "?left=<dataset:ref>&right=<dataset:ref>/<path:path>",
    "search/": "?q=fib-sem",
    "api/v1/search": "?q=fib-sem&limit=100",
    "api/v1/datasets/<dataset_ref:ref>/volumes/<path:path>/locate": "?segment=1",
    "api/v1/datasets/<sent_ref:ref>/volumes/<path:path>/cutout": "?bbox=-1e9,-1e9,-1e9,1e9,1e9,1e9&estimate=1",
}
LISTS = {"datasets/", "api/v1/datasets/", "api/v1/search"}
"""The lists of datasets: they hold exactly the newest published version of each that the caller may know of."""
ALIKE = {"sitemaps/datasets-<int:number>.xml", "feeds/datasets.atom"}
"""Lists that are the same for all: they hold what a stranger may know of."""
FILES = tuple(
    f"{path}/?format=csv"
    for path in (
        *("datasets", "crops", "publications", "models", "organelles", "organelles/<slug:short_name>"),
        *("collections", "collections/<slug:name>", "people", "people/<int:number>", "tasks/<slug:name>"),
        "models/<slug:name>",
    )
)
"""Lists as files, walked as if they were routes."""
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Route:
    """One entry of the URL table."""

    pattern: str

    @property
    def parameters(self) -> list[str]:
        return PARAMETER.findall(self.pattern + QUERIES.get(self.pattern, ""))

    @property
    def names_a_version(self) -> bool:
        """Whether the answer depends on which dataset is asked for."""
        return bool({"ref", "identifier"} & set(self.parameters))

    def fill(self, words: Words, label: str | None) -> str:
        """The address. ``words`` are those of the version ``label``; None: whichever is newest."""

        def value(match: re.Match[str]) -> str:
            parameter = match[1]
            if parameter == "ref":
                return f"{words.name}@{label}" if label else words.name
            example = EXAMPLES.get((self.pattern, parameter)) or EXAMPLES.get(("*", parameter))
            assert example, f"{self.pattern!r} is new: say in EXAMPLES what <{parameter}> can be"
            return example(words)

        return "/" + PARAMETER.sub(value, self.pattern + QUERIES.get(self.pattern, ""))


def all_routes() -> list[Route]:
    """The site's routes but for the administration's, which has a walk of its own (test_admin.py)."""
    return [Route(pattern) for pattern in (*_walk(get_resolver().url_patterns, ""), *FILES)]


def _walk(entries: list[Any], prefix: str) -> Iterator[str]:
    for entry in entries:
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            if entry.namespace != "admin":
                yield from _walk(entry.url_patterns, pattern)
        elif isinstance(entry, URLPattern):
            yield pattern
