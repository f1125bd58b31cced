"""Reading in the words of S3, in every arrangement: one test, one promise, after ceph/s3-tests."""

from urllib.parse import quote, unquote
from xml.etree import ElementTree

import pytest

from tests.serving.conftest import LARGE, SMALL
from tests.serving.transports import Ask, Reply

NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"
OBJECT = "/s3/frozen.v1/small"


def error(reply: Reply, status: int, code: str) -> str:
    """The message of S3's error document."""
    assert (reply.status, reply.headers["content-type"]) == (status, "application/xml")
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["cache-control"] == "no-store"
    document = ElementTree.fromstring(reply.body)
    assert (document.tag, document.findtext("Code")) == ("Error", code)
    message = document.findtext("Message")
    assert message
    return message


def listing(ask: Ask, bucket: str, query: str = "") -> ElementTree.Element:
    reply = ask(f"/s3/{bucket}?list-type=2{query}")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/xml"), reply.body
    document = ElementTree.fromstring(reply.body)
    assert document.tag == f"{NAMESPACE}ListBucketResult"
    return document


def texts(document: ElementTree.Element, path: str) -> list[str]:
    found = document.iterfind("/".join(NAMESPACE + step for step in path.split("/")))
    return [element.text or "" for element in found]


def keys(document: ElementTree.Element) -> list[str]:
    return texts(document, "Contents/Key")


def folders(document: ElementTree.Element) -> list[str]:
    return texts(document, "CommonPrefixes/Prefix")


class TestObjects:
    @pytest.mark.parametrize(("key", "content"), [("small", SMALL), ("large", LARGE), ("empty", b"")])
    def test_are_those_of_the_dataset(self, ask: Ask, key: str, content: bytes) -> None:
        reply, data = ask(f"/s3/frozen.v1/{key}"), ask(f"/data/frozen@1/{key}")
        assert (reply.status, reply.body) == (200, content)
        own = {"date", "x-request-id", "server"}
        assert {n: v for n, v in reply.headers.items() if n not in own} == {
            n: v for n, v in data.headers.items() if n not in own
        }

    def test_of_the_newest_version_need_no_number(self, ask: Ask) -> None:
        assert ask("/s3/cells/notes.txt").body == ask("/s3/cells.v2/notes.txt").body == b"notes"
        assert ask("/s3/cells/notes.txt").headers["cache-control"] == "no-cache"

    def test_come_in_parts(self, ask: Ask) -> None:
        reply = ask(OBJECT, range="bytes=3-7")
        assert (reply.status, reply.body, reply.headers["content-range"]) == (206, SMALL[3:8], "bytes 3-7/11")
        reply = ask(OBJECT, range="bytes=99-")
        error(reply, 416, "InvalidRange")
        assert reply.headers["content-range"] == "bytes */11"

    def test_come_under_conditions(self, ask: Ask) -> None:
        etag = ask(OBJECT).headers["etag"]
        assert ask(OBJECT, if_none_match=etag).status == 304
        reply = ask(OBJECT, if_match='"other"')
        error(reply, 412, "PreconditionFailed")
        assert reply.headers["etag"] == etag

    @pytest.mark.parametrize("key", ["small", "large", "empty", "absent", "a/../b"])
    @pytest.mark.parametrize("byte_range", ["", "bytes=1-2", "bytes=9999999-"])
    def test_head_is_get_without_the_bytes(self, ask: Ask, key: str, byte_range: str) -> None:
        headers = {"range": byte_range} if byte_range else {}
        get, head = ask(f"/s3/frozen/{key}", **headers), ask(f"/s3/frozen/{key}", "HEAD", **headers)
        own = {"date", "x-request-id"}
        assert (head.status, head.body) == (get.status, b"")
        assert {n: v for n, v in head.headers.items() if n not in own} == {
            n: v for n, v in get.headers.items() if n not in own
        }

    @pytest.mark.parametrize("key", ["absent", "c", "c/0/", "small/", "small/below", "many/", ".zattrs"])
    def test_that_are_absent_are_no_such_key(self, ask: Ask, key: str) -> None:
        error(ask(f"/s3/frozen/{key}"), 404, "NoSuchKey")

    @pytest.mark.parametrize("path", ["/s3//", "/s3//small", "/s3//frozen/small"])
    def test_of_a_bucket_without_a_name_are_not_answered_with_the_buckets(self, ask: Ask, path: str) -> None:
        error(ask(path), 400, "InvalidBucketName")

    def test_where_a_mount_begins_is_no_object(self, ask: Ask) -> None:
        """Clients ask for a folder as if it were an object, before they list it."""
        error(ask("/s3/cells/em/s1"), 404, "NoSuchKey")

    @pytest.mark.parametrize("key", ["a//b", "../x", "a/%2e%2e/b", "a%2Fb", "%01", "back%5Cslash", "%ff"])
    def test_with_keys_that_are_none_are_refused(self, ask: Ask, key: str) -> None:
        error(ask(f"/s3/frozen/{key}"), 400, "InvalidArgument")

    @pytest.mark.parametrize("path", ["/s3/trouble/zarr.json", "/s3/cells/lost/x", "/s3/cells/unknown/x"])
    def test_that_cannot_be_read_are_trouble_and_not_absent(self, ask: Ask, path: str) -> None:
        reply = ask(path)
        error(reply, 503, "ServiceUnavailable")
        assert int(reply.headers["retry-after"]) > 0
        assert ask(path, "HEAD").status == 503

    def test_their_one_part_and_their_one_version_are_they(self, ask: Ask) -> None:
        assert ask(f"{OBJECT}?partNumber=1&versionId=null&x-id=GetObject").body == SMALL

    @pytest.mark.parametrize("operation", ["acl", "tagging", "attributes", "versionId=2", "partNumber=2", "uploadId=x"])
    def test_are_not_taken_for_what_describes_them(self, ask: Ask, operation: str) -> None:
        error(ask(f"{OBJECT}?{operation}"), 501, "NotImplemented")


class TestTags:
    def test_look_like_an_md5_only_where_they_are_one(self, ask_folder: Ask) -> None:
        document = listing(ask_folder, "frozen", "&prefix=l")
        (tag,) = texts(document, "Contents/ETag")
        assert tag == ask_folder("/s3/frozen/large").headers["etag"]
        assert len(tag.strip('"').partition("-")[0]) != 32

    def test_size_and_time_are_those_of_the_object(self, ask: Ask) -> None:
        from email.utils import parsedate_to_datetime

        document = listing(ask, "cells", "&prefix=em/&delimiter=/")
        assert keys(document) == ["em/s1.old", "em/zarr.json"]
        for number, key in enumerate(keys(document)):
            head = ask(f"/s3/cells/{key}", "HEAD").headers
            assert texts(document, "Contents/ETag")[number] == head["etag"]
            assert texts(document, "Contents/Size")[number] == head["content-length"]
            modified = parsedate_to_datetime(head["last-modified"]).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            assert texts(document, "Contents/LastModified")[number] == modified


class TestListings:
    def test_are_the_union_of_the_mounts(self, ask: Ask) -> None:
        document = listing(ask, "cells", "&delimiter=/")
        assert (keys(document), folders(document)) == (["notes.txt"], ["em/", "extra/", "lost/", "unknown/"])
        assert keys(listing(ask, "cells", "&prefix=em/")) == [
            "em/s0/c/0", "em/s1.old", "em/s1/c/0", "em/s1/zarr.json", "em/zarr.json",
        ]  # fmt: skip
        assert keys(listing(ask, "cells", "&prefix=e&max-keys=6")) == [
            "em/s0/c/0", "em/s1.old", "em/s1/c/0", "em/s1/zarr.json", "em/zarr.json", "extra/deep/table.csv",
        ]  # fmt: skip

    def test_leave_out_what_cannot_be_asked_for(self, ask: Ask) -> None:
        assert keys(listing(ask, "frozen", "&prefix=odd")) == ["odd/a b#c?d%é.txt", "odd/x:y/z"]

    @pytest.mark.parametrize("path", ["trouble", "cells&prefix=lost/", "cells&prefix=unknown/&delimiter=/", "cells"])
    def test_of_what_cannot_be_read_are_trouble_and_not_empty(self, ask: Ask, path: str) -> None:
        bucket, _, query = path.partition("&")
        error(ask(f"/s3/{bucket}?list-type=2&{query}"), 503, "ServiceUnavailable")

    @pytest.mark.parametrize("prefix", ["absent", "absent/", "c/0/0/1/", "/", "a//b", "../", "c/../c/", "%5C", "%0A"])
    @pytest.mark.parametrize("delimiter", ["", "/", "x"])
    def test_of_nothing_are_empty(self, ask: Ask, prefix: str, delimiter: str) -> None:
        document = listing(ask, "frozen", f"&prefix={prefix}&delimiter={delimiter}")
        assert (keys(document), folders(document)) == ([], [])
        assert (texts(document, "KeyCount"), texts(document, "IsTruncated")) == (["0"], ["false"])

    @pytest.mark.parametrize(("delimiter", "expected_count"), [("", 5003), ("1", 3139)])
    def test_come_in_pages(self, ask: Ask, delimiter: str, expected_count: int) -> None:
        names = [f"many/{number:05}" for number in range(5003)]
        expected = {n[: n.index("1") + 1] if delimiter and "1" in n else n for n in names}
        found: list[str] = []
        token, pages = "", 0
        while pages == 0 or token:
            query = f"&prefix=many/&delimiter={delimiter}" + (f"&continuation-token={quote(token)}" if token else "")
            document = listing(ask, "frozen", query)
            page = sorted(keys(document) + folders(document))
            assert texts(document, "KeyCount") == [str(len(page))]
            assert texts(document, "IsTruncated") == ["true" if texts(document, "NextContinuationToken") else "false"]
            assert texts(document, "ContinuationToken") == ([token] if token else [])
            found += page
            (token,) = texts(document, "NextContinuationToken") or [""]
            pages += 1
        assert found == sorted(expected)
        assert pages <= -(-len(expected) // 1000) + 1

    def test_hold_as_many_as_asked_for_and_at_most_a_thousand(self, ask: Ask) -> None:
        assert keys(listing(ask, "frozen", "&prefix=many/&max-keys=2")) == ["many/00000", "many/00001"]
        document = listing(ask, "frozen", "&prefix=many/&max-keys=5000")
        assert (len(keys(document)), texts(document, "MaxKeys")) == (1000, ["1000"])
        document = listing(ask, "frozen", "&max-keys=0")
        assert (keys(document), texts(document, "IsTruncated")) == ([], ["false"])

    def test_begin_behind_any_key(self, ask: Ask) -> None:
        assert keys(listing(ask, "frozen", "&prefix=many/&start-after=many/05000")) == ["many/05001", "many/05002"]
        assert keys(listing(ask, "cells", "&prefix=em/&start-after=em/s1.zzz&max-keys=1")) == ["em/s1/c/0"]
        assert keys(listing(ask, "frozen", "&start-after=zzz")) == []

    def test_of_the_first_kind_go_on_from_a_marker(self, ask: Ask) -> None:
        reply = ask("/s3/cells/?prefix=em/&delimiter=/&max-keys=2")
        document = ElementTree.fromstring(reply.body)
        assert (keys(document), folders(document)) == (["em/s1.old"], ["em/s0/"])
        assert texts(document, "NextMarker") == ["em/s1.old"]
        assert texts(document, "Marker") == [""]
        following = ElementTree.fromstring(ask("/s3/cells?prefix=em/&delimiter=/&marker=em/s1.old").body)
        assert (keys(following), folders(following)) == (["em/zarr.json"], ["em/s1/"])
        last = ElementTree.fromstring(ask("/s3/cells?prefix=em/&delimiter=/&marker=em/s1/").body)
        assert (keys(last), folders(last)) == (["em/zarr.json"], [])

    def test_are_encoded_where_that_is_asked_for(self, ask: Ask) -> None:
        document = listing(ask, "frozen", "&prefix=odd/a%20b&encoding-type=url&start-after=%01%C3%A9&fetch-owner=true")
        (key,) = keys(document)
        assert unquote(key) == "odd/a b#c?d%é.txt"
        assert key.isascii()
        assert "+" not in key
        assert texts(document, "Prefix") == ["odd/a%20b"]
        assert texts(document, "StartAfter") == ["%01%C3%A9"]
        assert texts(document, "EncodingType") == ["url"]

    @pytest.mark.parametrize(
        "query",
        ["max-keys=-1", "max-keys=many", "max-keys=1.5", "encoding-type=base64", "list-type=3", "prefix=%FF",
         "start-after=%00", "continuation-token=x", "continuation-token=1%2A%2A", "continuation-token=2YQ"],
    )  # fmt: skip
    def test_refuse_what_is_no_value(self, ask: Ask, query: str) -> None:
        error(ask(f"/s3/frozen?{query}&list-type=2"), 400, "InvalidArgument")

    def test_are_cached_as_the_data_are(self, ask: Ask) -> None:
        for address, bucket in (("frozen@1", "frozen.v1"), ("frozen", "frozen"), ("cells@2/em", "cells.v2?prefix=em/")):
            expected = ask(f"/data/{address}/").headers["cache-control"]
            assert ask(f"/s3/{bucket}").headers["cache-control"] == expected

    def test_of_buckets_are_of_what_is_public(self, ask: Ask) -> None:
        for path in ("/s3", "/s3/"):
            reply = ask(path)
            document = ElementTree.fromstring(reply.body)
            assert texts(document, "Buckets/Bucket/Name") == [
                "cells", "cells.v2", "frozen", "frozen.v1", "linked", "linked.v1", "opened", "opened.v1", "trouble",
                "trouble.v1",
            ]  # fmt: skip
            assert len(texts(document, "Buckets/Bucket/CreationDate")) == 10


class TestNeuroglancer:
    """It lists ``s3+http://host/s3/<bucket>/`` as the bucket ``s3``."""

    def test_lists_the_buckets(self, ask: Ask) -> None:
        document = ElementTree.fromstring(ask("/s3/?list-type=2&prefix=&delimiter=%2F&encoding-type=url").body)
        assert folders(document)[:2] == ["cells/", "cells.v2/"]
        document = ElementTree.fromstring(ask("/s3/?list-type=2&prefix=fr&delimiter=%2F&encoding-type=url").body)
        assert folders(document) == ["frozen/", "frozen.v1/"]

    def test_lists_their_folders(self, ask: Ask) -> None:
        query = "list-type=2&prefix=cells.v2%2Fem%2F&delimiter=%2F&encoding-type=url"
        document = ElementTree.fromstring(ask(f"/s3/?{query}").body)
        assert document.tag == f"{NAMESPACE}ListBucketResult"
        assert folders(document) == ["cells.v2/em/s0/", "cells.v2/em/s1/"]
        assert keys(document) == ["cells.v2/em/s1.old", "cells.v2/em/zarr.json"]

    def test_walks_through_pages(self, ask: Ask) -> None:
        query, found = "list-type=2&prefix=cells.v2/em/&delimiter=/&max-keys=1", []
        token: str | None = ""
        while token is not None:
            document = ElementTree.fromstring(ask(f"/s3/?{query}&continuation-token={token}").body)
            found += keys(document) + folders(document)
            (token,) = texts(document, "NextContinuationToken") or [None]
        assert found == ["cells.v2/em/s0/", "cells.v2/em/s1.old", "cells.v2/em/s1/", "cells.v2/em/zarr.json"]

    @pytest.mark.parametrize("bucket", ["secret", "nobody"])
    def test_finds_nothing_that_is_not_public(self, ask: Ask, bucket: str) -> None:
        error(ask(f"/s3/?list-type=2&prefix={bucket}/&delimiter=/"), 404, "NoSuchBucket")


class TestVisibility:
    @pytest.mark.parametrize(
        "bucket",
        ["secret", "secret.v1", "later", "later.v1", "unfinished", "cells@draft", "cells.draft", "cells@2", "cells.v3",
         "cells.v02", "cells.v", "frozen.v1.v1", "CELLS", "~open-sesame", "%63ells", "..", "unfinished.vdraft"],
    )  # fmt: skip
    @pytest.mark.parametrize("rest", ["", "/", "/small", "/absent", "?location", "?prefix=x&delimiter=/"])
    def test_what_is_not_public_looks_absent(self, ask: Ask, bucket: str, rest: str) -> None:
        reply, absent = ask(f"/s3/{bucket}{rest}"), ask(f"/s3/nobody{rest}")
        error(reply, 404, "NoSuchBucket")
        assert reply.body == absent.body
        assert reply.headers.keys() == absent.headers.keys()
        assert ask(f"/s3/{bucket}{rest}", "HEAD").status == 404

    def test_a_cookie_and_a_share_token_open_nothing_here(self, ask: Ask) -> None:
        assert ask("/s3/secret/small", cookie="sessionid=x").status == 404

    @pytest.mark.parametrize("rest", ["", "/small", "?location"])
    def test_what_was_retired_is_no_empty_space(self, ask: Ask, rest: str) -> None:
        assert "cells.v2" in error(ask(f"/s3/cells.v1{rest}"), 410, "AccessDenied")
        error(ask(f"/s3/gone{rest}"), 410, "AccessDenied")

    def test_nobody_has_an_unknown_key(self, ask: Ask) -> None:
        for path in (OBJECT, "/s3/nobody", "/s3/secret/x", "/s3/"):
            reply = ask(
                path,
                authorization="AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/s3/aws4_request, "
                f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}",
                x_amz_date="20260101T000000Z",
            )
            error(reply, 403, "InvalidAccessKeyId")


class TestBuckets:
    def test_are_there(self, ask: Ask) -> None:
        reply = ask("/s3/frozen.v1", "HEAD")
        assert (reply.status, reply.body, reply.headers["x-amz-bucket-region"]) == (200, b"", "us-east-1")

    def test_are_in_the_region_that_clients_take_for_granted(self, ask: Ask) -> None:
        document = ElementTree.fromstring(ask("/s3/frozen?location").body)
        assert (document.tag, document.text) == (f"{NAMESPACE}LocationConstraint", None)

    @pytest.mark.parametrize("operation", ["versioning", "acl", "policy", "uploads", "versions", "cors", "tagging"])
    def test_have_nothing_else(self, ask: Ask, operation: str) -> None:
        error(ask(f"/s3/frozen?{operation}"), 501, "NotImplemented")


class TestMethods:
    @pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
    @pytest.mark.parametrize("path", ["/s3/", "/s3/frozen", "/s3/frozen?delete", OBJECT, "/s3/nobody/x", "/s3/secret"])
    def test_that_write_are_refused(self, ask: Ask, method: str, path: str) -> None:
        reply = ask(path, method)
        error(reply, 405, "MethodNotAllowed")
        assert reply.headers["allow"] == "GET, HEAD, OPTIONS"

    @pytest.mark.parametrize("path", ["/s3/", "/s3/frozen", OBJECT, "/s3/secret/x"])
    def test_a_preflight_is_answered_before_anything_is_looked_up(self, ask: Ask, path: str) -> None:
        reply = ask(
            path, "OPTIONS", origin="https://elsewhere.example", access_control_request_method="GET",
            access_control_request_headers="range,x-amz-date,x-amz-content-sha256,authorization",
        )  # fmt: skip
        assert (reply.status, reply.body) == (204, b"")
        allowed = {name.strip().lower() for name in reply.headers["access-control-allow-headers"].split(",")}
        assert {"range", "x-amz-date", "x-amz-content-sha256", "authorization"} <= allowed
