"""What can be said of one answer to a random request of S3: exact bytes, or XML that is well formed and true."""

import base64
import binascii
from urllib.parse import unquote, unquote_to_bytes
from xml.etree import ElementTree

from tests.serving.judging_objects import Demand, judge_object
from tests.serving.random_case import Case
from tests.serving.random_place import UNION
from tests.serving.random_s3_requests import BUCKETS, WITH_KEY, keys_listed
from tests.serving.wire import WireReply

NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"
STATUSES = {200, 204, 206, 304, 400, 403, 404, 405, 410, 412, 414, 416, 501, 503}
UNREADABLE = ("cells", "cells.v2", "trouble", "trouble.v1")
"""Buckets with a mount that nobody can read: only of these 503 may be said."""


def judge_s3(case: Case, reply: WireReply, demand: Demand) -> None:
    """Demand what must be so."""
    demand(reply.status in STATUSES, f"status {reply.status}")
    bucket, key, query = _asked(case)
    if reply.status == 503:
        demand(bucket in UNREADABLE or "prefix" in query, "trouble where there is none")
    if reply.status in (400, 414) and reply.header(b"content-type") != b"application/xml":
        return  # refused before it was known what is asked for
    demand(reply.header(b"access-control-allow-origin") == b"*", "no page may read it")
    if case.method not in (b"GET", b"HEAD"):
        demand(reply.status in (204, 400, 405), "more than reading")
    if reply.status >= 400 and case.method != b"HEAD":
        error = _parsed(reply, demand)
        demand(error.tag == "Error" and error.findtext("Code") and error.findtext("Message"), "no error of S3's")
        if case.code:
            demand(error.findtext("Code") == case.code, f"another error than {case.code}")
    demand(not case.code or reply.status == 403, "not refused")
    if case.method in (b"GET", b"HEAD") and reply.status in (200, 206):
        buckets = WITH_KEY if case.shows_token else BUCKETS
        if key:
            judge_object(case, reply, buckets.get(bucket, {}).get(key), demand)
        elif case.method == b"GET":
            _judge_document(bucket, query, buckets, reply, demand)
        else:
            demand(not bucket or bucket in buckets or bucket in UNREADABLE, "a bucket that is not open")


def _asked(case: Case) -> tuple[str, str, dict[str, str]]:
    """The bucket, the key and the query, decoded; of a parameter that stands twice, the first."""
    path, _, raw = case.target.partition(b"#")[0].partition(b"?")
    bucket, _, key = path.removeprefix(b"/s3").removeprefix(b"/").partition(b"/")
    query: dict[str, str] = {}
    for part in filter(None, raw.split(b"&")):
        name, _, value = part.partition(b"=")
        query.setdefault(_text(name), _text(value))
    return bucket.decode("latin-1"), unquote_to_bytes(key).decode("utf-8", "replace"), query


def _text(raw: bytes) -> str:
    return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8", "replace")


def is_xml(reply: WireReply) -> bool:
    """Whether it says to be XML; then it is."""
    if reply.header(b"content-type") != b"application/xml":
        return False
    if reply.body:
        ElementTree.fromstring(reply.body)
    return True


def _parsed(reply: WireReply, demand: Demand) -> ElementTree.Element:
    demand(reply.header(b"content-type") == b"application/xml", "no XML")
    try:
        return ElementTree.fromstring(reply.body)
    except ElementTree.ParseError as error:
        demand(False, f"XML that is not well formed: {error}")
        raise


def _judge_document(
    bucket: str, query: dict[str, str], buckets: dict[str, dict[str, bytes]], reply: WireReply, demand: Demand
) -> None:
    root = _parsed(reply, demand)
    kind = root.tag.removeprefix(NAMESPACE)
    if kind == "LocationConstraint":
        demand(bucket in buckets or bucket in UNREADABLE, "a bucket that is not open")
        return
    if kind == "ListAllMyBucketsResult":
        names = {element.text for element in root.iter(f"{NAMESPACE}Name")}
        demand(names <= {*buckets, *UNREADABLE}, "a bucket that is not open")
        return
    demand(kind == "ListBucketResult", f"a document {kind}")
    shown = [
        _key(element, query) for element in root.iter() if element.tag in (f"{NAMESPACE}Key", f"{NAMESPACE}Prefix")
    ]
    shown = shown[1:]  # the first is the prefix that was asked for
    is_truncated = root.findtext(f"{NAMESPACE}IsTruncated") == "true"
    if not bucket:
        tops = {name.partition("/")[0] for name in shown}
        demand(tops <= {*buckets, *UNREADABLE}, "a bucket that is not open")
        return
    demand(bucket in buckets or bucket in UNREADABLE, "a bucket that is not open")
    if bucket not in buckets or buckets[bucket] is UNION:
        return  # what is mounted there the reference does not know
    version = query.get("list-type", "1")
    after = query.get("marker" if version == "1" else "start-after", "")
    if version == "2" and (token := query.get("continuation-token")):
        try:
            after = base64.urlsafe_b64decode(token[1:] + "=" * (-len(token[1:]) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            demand(False, "a token that is none was taken")
    limit = min(int(query.get("max-keys") or 1000), 1000)
    expected = keys_listed(buckets[bucket], query.get("prefix", ""), query.get("delimiter", ""), after)
    demand(sorted(shown) == expected[:limit], f"another listing than {expected[:limit]}")
    demand(is_truncated == (len(expected) > limit > 0), "it does not say rightly whether more follows")


def _key(element: ElementTree.Element, query: dict[str, str]) -> str:
    text = element.text or ""
    return unquote(text) if query.get("encoding-type") else text
