"""What every arrangement in front of the data answers: the promises of ``/data/``, one test each."""

import re
from pathlib import Path

import pytest

from tests.serving.conftest import LARGE, SMALL
from tests.serving.plane import data_plane
from tests.serving.transports import Ask, in_process, problem

OBJECT = "/data/frozen@1/small"

# After Go's net/http/fs_test.go and nginx-tests' range.t. None: the whole.
RANGES = [
    ("bytes=0-4", (0, 5)),
    ("bytes=2-", (2, 11)),
    ("bytes=-5", (6, 11)),
    ("bytes=3-7", (3, 8)),
    ("bytes=0-0", (0, 1)),
    ("bytes=10-10", (10, 11)),
    ("bytes=5-1000", (5, 11)),
    ("bytes=0-10", (0, 11)),
    ("bytes=0-11", (0, 11)),
    ("bytes=10-11", (10, 11)),
    ("bytes=10-", (10, 11)),
    ("bytes=-11", (0, 11)),
    ("bytes=-1000", (0, 11)),
    ("bytes=0-99999999999999999999999999", (0, 11)),
    ("Bytes=1-2", (1, 3)),
    ("bytes=0-0,-2", None),
    ("bytes=0-1,5-8", None),
    ("bytes=0-,1-,2-,3-,4-", None),
    ("items=0-1", None),
]
UNSATISFIABLE = ["bytes=11-", "bytes=11-12", "bytes=12-12", "bytes=100-1000", "bytes=-0", "bytes=" + "9" * 5000 + "-"]


class TestBytes:
    @pytest.mark.parametrize(("key", "content"), [("small", SMALL), ("large", LARGE), ("empty", b"")])
    def test_are_those_of_the_object(self, ask: Ask, key: str, content: bytes) -> None:
        reply = ask(f"/data/frozen@1/{key}")
        assert (reply.status, reply.body) == (200, content)
        assert reply.headers["content-length"] == str(len(content))
        assert reply.headers["accept-ranges"] == "bytes"
        assert re.fullmatch(r'"[!#-~]+"', reply.headers["etag"])

    @pytest.mark.parametrize(
        ("key", "media_type"),
        [
            ("small", "application/octet-stream"),
            ("c/0/0/1", "application/octet-stream"),
            ("zarr.json", "application/json"),
            ("page.html", "text/plain; charset=utf-8"),
        ],
    )
    def test_have_the_type_of_their_kind_and_never_run(self, ask: Ask, key: str, media_type: str) -> None:
        reply = ask(f"/data/frozen@1/{key}")
        assert reply.headers["content-type"] == media_type
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in reply.headers["content-security-policy"]

    @pytest.mark.parametrize("key", ["small", "large", "empty", "absent", "", "a//b"])
    @pytest.mark.parametrize("byte_range", ["", "bytes=1-2", "bytes=9999999-"])
    def test_head_is_get_without_them(self, ask: Ask, key: str, byte_range: str) -> None:
        headers = {"range": byte_range} if byte_range else {}
        get, head = ask(f"/data/frozen@1/{key}", **headers), ask(f"/data/frozen@1/{key}", "HEAD", **headers)
        changing = {"date", "x-request-id"}
        assert head.status == get.status
        assert {n: v for n, v in head.headers.items() if n not in changing} == {
            n: v for n, v in get.headers.items() if n not in changing
        }
        assert head.body == b""

    def test_every_answer_has_an_id_of_its_own(self, ask: Ask) -> None:
        paths = [OBJECT, OBJECT, "/data/frozen@1/absent", "/data/frozen@1/a//b"]
        assert len({ask(path).headers["x-request-id"] for path in paths}) == len(paths)


class TestRanges:
    @pytest.mark.parametrize(("byte_range", "span"), RANGES)
    def test_answer_the_part_or_the_whole(self, ask: Ask, byte_range: str, span: tuple[int, int] | None) -> None:
        reply = ask(OBJECT, range=byte_range)
        if span is None:
            assert (reply.status, reply.body) == (200, SMALL)
            assert "content-range" not in reply.headers
        else:
            start, stop = span
            assert (reply.status, reply.body) == (206, SMALL[start:stop])
            assert reply.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(SMALL)}"
            assert reply.headers["content-length"] == str(stop - start)

    @pytest.mark.parametrize("byte_range", UNSATISFIABLE)
    def test_outside_the_object_are_refused_with_its_size(self, ask: Ask, byte_range: str) -> None:
        reply = ask(OBJECT, range=byte_range)
        assert reply.status == 416
        assert reply.headers["content-range"] == f"bytes */{len(SMALL)}"
        problem(reply, "range-not-satisfiable")

    @pytest.mark.parametrize("span", ["0-", "0-0", "-1"])
    def test_of_an_empty_object_are_the_whole_of_it(self, ask: Ask, span: str) -> None:
        reply = ask("/data/frozen@1/empty", range=f"bytes={span}")
        assert (reply.status, reply.body, reply.headers["content-length"]) == (200, b"", "0")

    @pytest.mark.parametrize(
        ("start", "stop"), [(0, 1), (1_048_570, 1_048_590), (500, 2_999_999), (3_071_999, 3_072_000)]
    )
    def test_of_a_large_object(self, ask: Ask, start: int, stop: int) -> None:
        reply = ask("/data/frozen@1/large", range=f"bytes={start}-{stop - 1}")
        assert (reply.status, reply.body) == (206, LARGE[start:stop])

    def test_count_only_if_the_object_is_still_the_same(self, ask: Ask) -> None:
        first = ask(OBJECT)
        etag, modified = first.headers["etag"], first.headers["last-modified"]
        assert ask(OBJECT, range="bytes=0-1", if_range=etag).status == 206
        assert ask(OBJECT, range="bytes=0-1", if_range=modified).status == 206
        for other in ('"other"', f"W/{etag}", "Wed, 08 Jul 2037 22:53:52 GMT", "nonsense"):
            assert (ask(OBJECT, range="bytes=0-1", if_range=other)).status == 200, other

    def test_nothing_is_satisfied_after_an_object_has_changed(self, ask: Ask) -> None:
        assert ask(OBJECT, range="bytes=100-", if_range='"other"').status == 200


class TestConditions:
    """After nginx-tests' not_modified.t."""

    @pytest.mark.parametrize(
        ("condition", "status"),
        [
            ({"if_none_match": "{etag}"}, 304),
            ({"if_none_match": '"foo"'}, 200),
            ({"if_none_match": '"foo", "bar", {etag} , "baz"'}, 304),
            ({"if_none_match": "*"}, 304),
            ({"if_none_match": "W/{etag}"}, 304),
            ({"if_match": "{etag}"}, 200),
            ({"if_match": '"foo"'}, 412),
            ({"if_match": '"foo", "bar", \t{etag} , "baz"'}, 200),
            ({"if_match": "*"}, 200),
            ({"if_match": "W/{etag}"}, 412),
            ({"if_modified_since": "{modified}"}, 304),
            ({"if_modified_since": "Mon, 01 Jan 2001 00:00:00 GMT"}, 200),
            ({"if_modified_since": "no date"}, 200),
            ({"if_unmodified_since": "{modified}"}, 200),
            ({"if_unmodified_since": "Mon, 01 Jan 2001 00:00:00 GMT"}, 412),
            # The order of RFC 9110, 13.2.2: tags come before dates, If-Match before If-None-Match.
            ({"if_none_match": '"foo"', "if_modified_since": "{modified}"}, 200),
            ({"if_match": "{etag}", "if_unmodified_since": "Mon, 01 Jan 2001 00:00:00 GMT"}, 200),
            ({"if_match": '"foo"', "if_none_match": "{etag}"}, 412),
            ({"if_match": "{etag}", "if_none_match": "{etag}"}, 304),
            ({"if_none_match": "{etag}", "range": "bytes=100-"}, 304),
        ],
    )
    def test_decide(self, ask: Ask, condition: dict[str, str], status: int) -> None:
        first = ask(OBJECT)
        values = {"etag": first.headers["etag"], "modified": first.headers["last-modified"]}
        reply = ask(OBJECT, **{name: text.format(**values) for name, text in condition.items()})
        assert reply.status == status
        assert reply.headers["etag"] == values["etag"]
        assert reply.headers["access-control-allow-origin"] == "*"
        if status == 304:
            assert reply.body == b""
            assert reply.headers["cache-control"] == first.headers["cache-control"]
        if status == 412:
            problem(reply, "precondition-failed")

    def test_do_not_count_where_the_object_is_absent(self, ask: Ask) -> None:
        assert ask("/data/frozen@1/absent", if_match='"foo"').status == 404
        assert ask("/data/frozen@1/absent", if_none_match="*").status == 404


class TestKeys:
    @pytest.mark.parametrize(
        "key",
        [
            "a//b",
            "/small",
            "./small",
            "c/./0/0/1",
            "c/../small",
            "..",
            "../",
            "%2e%2e/small",
            "c/%2E%2e/small",
            "c%2f0",
            "c%2F..%2Fsmall",
            "c%5c0",
            "c\\..\\small",
            "small%00",
            "small%0a",
            "%ff",
            "100%",
            "a%2",
            "x" * 1025,
        ],
    )
    def test_that_are_none_are_refused(self, ask: Ask, key: str) -> None:
        reply = ask(f"/data/frozen@1/{key}")
        assert reply.status == 400
        problem(reply, "invalid-key")

    @pytest.mark.parametrize("key", ["absent", "c", "c/0/0", "small/below", "x" * 300, ".zattrs", "..."])
    def test_without_an_object_are_absent(self, ask: Ask, key: str) -> None:
        problem(ask(f"/data/frozen@1/{key}"), "object-absent")

    def test_are_decoded_once(self, ask: Ask) -> None:
        assert ask("/data/frozen@1/%73mall").body == SMALL
        assert ask("/data/frozen@1/odd/a%20b%23c%3Fd%25%C3%A9.txt").body == b"odd"

    @pytest.mark.parametrize("name", ["attributes.json", ".zattrs", "info", "zarr.json"])
    @pytest.mark.parametrize("above", ["/data/", "/data/frozen@1/", "/data/frozen/c/", "/data/nobody/x/"])
    def test_of_metadata_are_asked_for_at_every_level(self, ask: Ask, above: str, name: str) -> None:
        reply = ask(above + name)
        assert reply.status == (200 if (above, name) == ("/data/frozen@1/", "zarr.json") else 404)
        assert reply.headers["access-control-allow-origin"] == "*"


class TestMounts:
    @pytest.mark.parametrize(
        ("key", "content"),
        [
            ("em/s0/c/0", b"given"),
            ("em/s1/c/0", b"derived"),
            ("em/zarr.json", b'{"corrected": true}'),
            ("extra/deep/table.csv", b"a,b\n"),
            ("notes.txt", b"notes"),
        ],
    )
    def test_the_longest_wins(self, ask: Ask, key: str, content: bytes) -> None:
        assert ask(f"/data/cells@2/{key}").body == content

    def test_a_mount_is_not_searched_further(self, ask: Ask) -> None:
        assert ask("/data/cells@2/em/s1/absent").status == 404

    def test_a_missing_target_is_trouble_and_not_absence(self, ask: Ask) -> None:
        for key in ("lost/zarr.json", "lost/"):
            reply = ask(f"/data/cells@2/{key}")
            assert reply.status == 503
            assert int(reply.headers["retry-after"]) > 0
            problem(reply, "storage-unavailable")

    @pytest.mark.parametrize("key", ["zarr.json", ""])
    def test_a_missing_root_is_trouble_and_not_absence(self, ask: Ask, place: str, key: str) -> None:
        reply = ask(f"/data/trouble/{key}")
        document = problem(reply, "bucket-missing" if place.startswith("http:") else "storage-unavailable")
        assert reply.status == 503
        assert int(reply.headers["retry-after"]) > 0
        assert not {"where", "fix"} & document.keys() - {"where"}, "what is the operator's is not told to everybody"

    def test_a_root_that_is_not_configured_is_trouble_and_not_absence(self, ask: Ask) -> None:
        problem(ask("/data/cells@2/unknown/zarr.json"), "storage-backend-not-served")


class TestCaching:
    @pytest.mark.parametrize(
        ("path", "caching"),
        [
            ("frozen@1/small", "public, max-age=31536000, immutable"),
            ("frozen/small", "no-cache"),
            ("cells@2/em/s0/c/0", "public, max-age=3600"),
            ("cells@2/em/s1/c/0", "public, max-age=31536000, immutable"),
            ("cells/em/s1/c/0", "no-cache"),
            ("frozen@1/", "public, max-age=31536000, immutable"),
            ("cells@2/", "public, max-age=3600"),
            ("opened@1/small", "public, max-age=31536000, immutable"),
            ("~open-sesame/secret@1/small", "private, no-store"),
            ("~open-sesame/frozen@1/small", "private, no-store"),
            ("~open-sesame/cells@draft/small", "private, no-store"),
        ],
    )
    def test_follows_the_address(self, ask: Ask, path: str, caching: str) -> None:
        reply = ask(f"/data/{path}")
        assert (reply.status, reply.headers["cache-control"]) == (200, caching)


class TestVisibility:
    @pytest.mark.parametrize(
        "address", ["secret", "secret@1", "later", "later@1", "cells@draft", "unfinished", "unfinished@draft"]
    )
    @pytest.mark.parametrize("key", ["small", "absent", "", "zarr.json"])
    def test_what_is_not_public_looks_absent(self, ask: Ask, address: str, key: str) -> None:
        reply, absent = ask(f"/data/{address}/{key}"), ask(f"/data/nobody/{key}")
        assert reply.status == absent.status == 404
        assert reply.body == absent.body
        assert reply.headers.keys() == absent.headers.keys()

    @pytest.mark.parametrize(
        "address", ["nobody", "cells@3", "cells@02", "cells@", "cells@2@2", "CELLS", "~", "cells@-1"]
    )
    def test_what_does_not_exist_is_absent(self, ask: Ask, address: str) -> None:
        problem(ask(f"/data/{address}/small"), "object-absent")

    def test_a_dataset_without_a_slash_is_no_object(self, ask: Ask) -> None:
        assert ask("/data/frozen").status == ask("/data/nobody").status == 404

    def test_the_right_token_opens(self, ask: Ask) -> None:
        assert ask("/data/secret@1/small", authorization="Bearer open-sesame").body == SMALL
        assert ask("/data/~open-sesame/secret/small").body == SMALL
        assert ask("/data/cells@draft/small", authorization="Bearer open-sesame").body == b"draft"

    def test_it_opens_nothing_else(self, ask: Ask) -> None:
        assert ask("/data/later/small", authorization="Bearer open-sesame").status == 404

    @pytest.mark.parametrize("dataset", ["secret", "nobody"])
    def test_a_wrong_token_is_refused_whether_or_not_the_dataset_exists(self, ask: Ask, dataset: str) -> None:
        for reply in (ask(f"/data/{dataset}/small", authorization="Bearer x"), ask(f"/data/~x/{dataset}/small")):
            assert (reply.status, reply.headers["www-authenticate"]) == (401, "Bearer")
            problem(reply, "credentials-refused")

    def test_public_data_need_no_token_and_look_at_none(self, ask: Ask) -> None:
        assert ask(OBJECT, authorization="Bearer x").status == 200

    def test_a_retired_version_points_to_its_successor(self, ask: Ask) -> None:
        for key in ("small", "absent", ""):
            reply = ask(f"/data/cells@1/{key}")
            assert reply.status == 410
            assert reply.headers["link"] == '</data/cells@2/>; rel="successor-version"'
            assert problem(reply, "version-retired")["successor"] == "/data/cells@2/"
        assert ask("/data/cells/notes.txt").status == 200
        assert ask("/data/gone/small").status == 410

    def test_an_escaped_at_sign_is_one(self, ask: Ask) -> None:
        assert ask("/data/frozen%401/small").body == SMALL


class TestMethods:
    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "PROPFIND"])
    def test_that_would_write_are_refused(self, ask: Ask, method: str) -> None:
        reply = ask(OBJECT, method)
        assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
        problem(reply, "read-only")

    @pytest.mark.parametrize(
        "path", [OBJECT, "/data/secret/small", "/data/nobody/x", "/data/frozen/a//b", "/data/~x/y/z"]
    )
    def test_a_preflight_is_answered_before_anything_is_looked_up(self, ask: Ask, path: str) -> None:
        reply = ask(
            path,
            "OPTIONS",
            origin="https://neuroglancer.example",
            access_control_request_method="GET",
            access_control_request_headers="range",
            access_control_request_private_network="true",
        )
        assert (reply.status, reply.body) == (204, b"")
        assert reply.headers["access-control-allow-origin"] == "*"
        assert reply.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
        allowed = {name.strip().lower() for name in reply.headers["access-control-allow-headers"].split(",")}
        assert {"range", "authorization", "if-match", "if-none-match", "if-range"} <= allowed
        assert int(reply.headers["access-control-max-age"]) >= 7200
        assert reply.headers["access-control-allow-private-network"] == "true"

    def test_other_addresses_go_to_what_stands_behind(self, ask: Ask) -> None:
        for path in ("/", "/data", "/datasets/", "/%64ata/frozen@1/small"):
            assert ask(path).status == 418

    @pytest.mark.parametrize(
        "path", [OBJECT, "/data/nobody/x", "/data/frozen/", "/data/cells@1/x", "/data/frozen/a//b"]
    )
    def test_any_page_may_read_the_answer(self, ask: Ask, path: str) -> None:
        reply = ask(path, origin="https://neuroglancer.example")
        assert reply.headers["access-control-allow-origin"] == "*"
        assert reply.headers["access-control-expose-headers"] == "Content-Range, ETag, Content-Length"


class TestAccess:
    """What a front server asks before it reads a file that is not public by itself."""

    @pytest.mark.parametrize(
        ("path", "headers", "status"),
        [
            ("frozen@1/small", {}, 204),
            ("secret@1/small", {}, 403),
            ("secret@1/small", {"authorization": "Bearer open-sesame"}, 204),
            ("secret@1/small", {"authorization": "Bearer guessed"}, 401),
            ("later@1/small", {}, 403),
            ("later@1/small", {"authorization": "Bearer open-sesame"}, 403),
            ("~open-sesame/secret@1/small", {}, 204),
            ("~guessed/secret@1/small", {}, 401),
            ("absent@1/small", {}, 403),
            ("cells@1/small", {}, 403),
            ("%2e%2e/small", {}, 403),
        ],
    )
    def test_is_judged_as_the_data_are(self, folder: Path, path: str, headers: dict[str, str], status: int) -> None:
        reply = in_process(data_plane(str(folder)))(f"/access/data/{path}", **headers)
        assert reply.status == status
        if status != 401:
            assert reply.body == b""
