"""Listings, in every arrangement: the union of the mounts, for people, programs and Neuroglancer's folder tree."""

import json
from html.parser import HTMLParser
from urllib.parse import quote, unquote, urljoin

import pytest

from tests.serving.transports import Ask, Reply, problem


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def links(reply: Reply) -> list[str]:
    parser = _Links()
    parser.feed(reply.body.decode())
    return parser.found


def names(ask: Ask, path: str) -> list[str]:
    reply = ask(path, accept="application/json")
    assert reply.headers["content-type"] == "application/json"
    found: list[str] = json.loads(reply.body)["results"]
    return found


class TestListings:
    def test_are_the_union_of_the_mounts(self, ask: Ask) -> None:
        assert names(ask, "/data/cells@2/") == ["em/", "extra/", "lost/", "notes.txt", "unknown/"]
        assert names(ask, "/data/cells@2/em/") == ["s0/", "s1.old", "s1/", "zarr.json"]
        assert names(ask, "/data/cells@2/em/s1/") == ["c/", "zarr.json"]
        assert names(ask, "/data/cells@2/extra/") == ["deep/"]
        assert names(ask, "/data/cells@2/extra/deep/") == ["table.csv"]

    def test_leave_out_what_cannot_be_asked_for(self, ask: Ask) -> None:
        assert names(ask, "/data/frozen@1/odd/") == ["a b#c?d%é.txt", "x:y/"]

    @pytest.mark.parametrize("path", ["/data/frozen@1/absent/", "/data/frozen@1/small/", "/data/cells@2/extra/x/"])
    def test_of_no_folder_are_absent(self, ask: Ask, path: str) -> None:
        problem(ask(path), "object-absent")

    def test_links_are_relative_and_lead_to_what_they_name(self, ask: Ask) -> None:
        """As Neuroglancer reads them: resolved against the address, kept when below it, decoded."""
        base = "http://host/data/frozen@1/odd/"
        reply = ask("/data/frozen@1/odd/")
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        below = [url for link in links(reply) if (url := urljoin(base, link)).startswith(base) and url != base]
        assert [unquote(url[len(base) :]) for url in below] == ["a b#c?d%é.txt", "x:y/"]
        assert ask(below[0].removeprefix("http://host")).body == b"odd"
        assert ask(below[1].removeprefix("http://host") + "z").body == b"colon"

    def test_lead_up_but_not_out_of_the_dataset(self, ask: Ask) -> None:
        assert "../" in links(ask("/data/frozen@1/odd/"))
        assert "../" not in links(ask("/data/frozen@1/"))

    def test_come_in_pages(self, ask: Ask) -> None:
        path, found, pages = "/data/frozen@1/many/", [], 0
        query: str | None = ""
        while query is not None:
            document = json.loads(ask(path + query, accept="application/json").body)
            found += document["results"]
            query, pages = document["next"], pages + 1
        assert found == [f"{number:05}" for number in range(5003)]
        assert pages == 2
        assert links(ask(path))[-1] == "?after=04999"

    @pytest.mark.parametrize(
        ("accept", "kind"),
        [
            ("", "text/html"),
            ("*/*", "text/html"),
            ("text/html", "text/html"),
            ("application/json", "application/json"),
            ("application/json, text/plain, */*", "application/json"),
            ("text/html;q=0.5, application/json", "application/json"),
            ("application/json;q=0.1, text/html", "text/html"),
            ("application/json;q=x", "text/html"),
        ],
    )
    def test_are_for_people_or_programs(self, ask: Ask, accept: str, kind: str) -> None:
        reply = ask("/data/frozen@1/", **({"accept": accept} if accept else {}))
        assert reply.headers["content-type"].startswith(kind)
        assert reply.headers["vary"] == "Accept"
        assert reply.headers["content-length"] == str(len(reply.body))

    def test_a_page_starts_behind_any_name(self, ask: Ask) -> None:
        after = quote("a b#c?d%é.txt", safe="")
        assert json.loads(ask(f"/data/frozen@1/odd/?after={after}", accept="application/json").body) == {
            "results": ["x:y/"],
            "next": None,
        }
