"""Random requests over real connections, and every answer judged.

Each request is sent three times: by itself on a connection that is kept, with its head cut after the first line (the
server must read it with its whole parser, whatever it knows), and joined with others into packets that end anywhere.
The three answers must be the same, and what the reference says (random_requests.py).
"""

import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote_to_bytes

from datasets.storage.published_tree import PublishedTree
from tests.nginx import nginx_in_front
from tests.serving.judging_objects import Demand, judge_object
from tests.serving.judging_s3 import is_xml, judge_s3
from tests.serving.malformed_requests import Distorted, distorted
from tests.serving.plane import DRAFTED, WITHHELD, snapshot_of
from tests.serving.random_case import Case
from tests.serving.random_place import FROZEN, LINKED, NOBODY, SMUGGLED, UNION, write_place
from tests.serving.random_requests import burst, key_of, reference
from tests.serving.transports import served_over
from tests.serving.wire import NoReply, Wire, WireReply

BURST = 16
MALFORMED = 4  # beside each burst
QUIET_S = 0.3
ALLOWED = {200, 204, 206, 304, 400, 401, 403, 404, 405, 410, 412, 413, 414, 416, 418}
OF_HTTP = {100, 408, 411, 415, 417, 421, 426, 431, 494}
"""What else a server may say to what is no request."""

_SEALED = (b"sealed!withheld!", b"withheld!sealed!", b"unfinished!draft", b"draftunfinished!", b"out-of-bounds!!!")
_NAMES = (WITHHELD.encode(), DRAFTED.encode())
_PING = Case("ping", b"GET", b"/data/frozen@1/sentinel", ((b"Host", b"here"),))
_HIDDEN_BYTES = SMUGGLED[4:]


class Wrong(AssertionError):
    """An answer that must not be."""

    def __init__(self, what: str, number: str, sent: bytes, came: bytes = b"") -> None:
        super().__init__(f"{what}\nnumber {number}\nsent {sent!r}\ncame {came[:2000]!r}")


@dataclass
class Fuzzer:
    """Requests of one seed against one server.

    Args:
        port: the server's.
    """

    port: int
    seed: str
    statuses: Counter[str] = field(default_factory=Counter)
    _pool: list[Wire] = field(default_factory=list)
    _used_s: float = 0.0

    def run(self, requests: int, seconds: float = 1e9, first: int = 0) -> int:
        """Send at least so many, or for so long; how many they were, each counted once.

        Raises:
            Wrong: an answer was.
        """
        end_s, sent, number = time.monotonic() + seconds, 0, first
        malformed: list[Distorted] = []
        try:
            while sent < requests and time.monotonic() < end_s:
                sent += self.ask_burst(burst(self.seed, number, BURST))
                malformed += [distorted(self.seed, number * MALFORMED + index) for index in range(MALFORMED)]
                if len(malformed) >= 64 or sent + len(malformed) >= requests:
                    sent += self.ask_malformed(malformed)
                    malformed.clear()
                number += 1
            # A connection between two servers that got out of step shows in what is asked next.
            self.ask_burst(burst(self.seed, number, BURST))
        finally:
            self._drop_pool()
        return sent

    def ask_burst(self, cases: Sequence[Case]) -> int:
        """Send them in every form."""
        alone = self._ask_alone(cases)
        for case, reply in zip(cases, alone, strict=True):
            judge(case, reply)
            self.statuses[str(reply.status)] += 1
        self._compare("after the first line", cases, alone, self._ask_in_two(cases))
        kept = [(case, reply) for case, reply in zip(cases, alone, strict=True) if not reply.closes]
        if kept:
            joined = [case for case, _ in kept]
            self._compare("in joined packets", joined, [reply for _, reply in kept], self._ask_joined(joined))
        self._ask_relatives(cases, alone)
        return len(cases)

    def ask_malformed(self, requests: Sequence[Distorted]) -> int:
        """Each on a connection of its own, all at once."""
        wires = [Wire(self.port) for _ in requests]
        try:
            for request, wire in zip(requests, wires, strict=True):
                for packet in request.packets:
                    wire.send(packet)
            quiet_s = QUIET_S
            for request, wire in zip(requests, wires, strict=True):
                quiet_s = self._judge_malformed(request, wire, quiet_s)
        finally:
            for wire in wires:
                wire.close()
        return len(requests)

    def _judge_malformed(self, request: Distorted, wire: Wire, quiet_s: float) -> float:
        began_s = time.monotonic()
        try:
            replies = wire.replies_until_quiet(b"GET", quiet_s)
        except NoReply as error:
            if not request.is_old:
                raise Wrong(f"no reply: {error}", request.number, request.raw) from error
            self.statuses["bare"] += 1
            replies = []
        came = b"".join(reply.raw for reply in replies) + wire.left
        _judge_leaks(request.number, request.raw, came, shows_token=b"open-sesame" in request.raw)
        if request.hides and _HIDDEN_BYTES in came:
            raise Wrong("a request that stood in a body was answered", request.number, request.raw, came)
        for reply in replies:
            if reply.status not in ALLOWED | OF_HTTP | ({501, 503} if is_xml(reply) else set()):
                raise Wrong(f"status {reply.status}", request.number, request.raw, reply.raw)
            _judge_free_body(request, reply)
            self.statuses[f"{reply.status} malformed"] += 1
        if not replies:
            self.statuses["none malformed"] += 1
        # Who waited once has waited for all of them.
        return max(quiet_s - (time.monotonic() - began_s), 0.02)

    def _ask_alone(self, cases: Sequence[Case]) -> list[WireReply]:
        replies, wire = [], Wire(self.port)
        try:
            for case in cases:
                wire.send(case.raw[: len(case.raw) - len(case.body)])
                if case.body:  # by itself, for the head is then a piece of its own
                    time.sleep(0.002)
                    wire.send(case.body)
                replies.append(self._reply(wire, case))
                if replies[-1].closes:
                    wire.close()
                    wire = Wire(self.port)
        finally:
            wire.close()
        return replies

    def _ask_in_two(self, cases: Sequence[Case]) -> list[WireReply]:
        wires = self._wires(len(cases) + 1)
        *asking, pinging = wires
        for case, wire in zip(cases, asking, strict=True):
            wire.send(case.line)
        for _ in range(2):  # the second answer is of a turn of the server's loop in which all first lines were read
            pinging.send(_PING.raw)
            if self._reply(pinging, _PING).body != FROZEN["sentinel"]:
                raise Wrong("another answer than asked for", _PING.number, _PING.raw)
        for case, wire in zip(cases, asking, strict=True):
            wire.send(case.rest)
        replies = [self._reply(wire, case) for case, wire in zip(cases, asking, strict=True)]
        for index, reply in enumerate(replies):
            if reply.closes:
                self._pool[index].close()
                self._pool[index] = Wire(self.port)
        return replies

    def _ask_joined(self, cases: Sequence[Case]) -> list[WireReply]:
        chance = random.Random(f"{cases[0].number}:cuts")
        raw = b"".join(case.raw for case in cases)
        cuts = sorted(chance.randrange(len(raw) + 1) for _ in range(chance.randrange(6)))
        wire = Wire(self.port)
        try:
            for start, stop in zip([0, *cuts], [*cuts, len(raw)], strict=True):
                wire.send(raw[start:stop])
            replies = [self._reply(wire, case) for case in cases]
            if wire.left:
                raise Wrong("more than was asked for", cases[0].number, raw, wire.left)
            return replies
        finally:
            wire.close()

    def _ask_relatives(self, cases: Sequence[Case], replies: Sequence[WireReply]) -> None:
        """HEAD answers as GET does; what one may not know of, as what is not there."""
        for case, reply in zip(cases, replies, strict=True):
            is_data = reply.status != 418 and not case.speaks_s3  # what stands behind is not ours to judge
            if case.method == b"GET" and is_data and hash_of(case) % 8 == 0:
                twin = replace(case, method=b"HEAD")
                (other,) = self._ask_alone([twin])
                if (other.status, _lasting(other)) != (reply.status, _lasting(reply)):
                    raise Wrong(
                        f"HEAD is not as GET, which came as {reply.raw[:600]!r}", case.number, twin.raw, other.raw
                    )
            if case.is_signed or not any(name in case.target for name in _NAMES):
                continue
            twin = replace(case, target=_without_names(case.target))
            (other,) = self._ask_alone([twin])
            as_other = [(n, _without_names(v)) for n, v in _lasting(reply)]
            if (reply.status, as_other, _without_names(reply.body)) != (other.status, _lasting(other), other.body):
                raise Wrong(
                    f"can be told from what does not exist: {other.raw[:900]!r}", case.number, case.raw, reply.raw
                )

    def _compare(
        self, form: str, cases: Sequence[Case], alone: Sequence[WireReply], others: Sequence[WireReply]
    ) -> None:
        for case, reply, other in zip(cases, alone, others, strict=True):
            if (reply.status, _lasting(reply), reply.body) != (other.status, _lasting(other), other.body):
                what = f"cut {form}, the answer is another than {reply.raw[:900]!r}"
                sent = case.raw if form.startswith("after") else b"".join(each.raw for each in cases)
                raise Wrong(what, case.number, sent, other.raw)

    def _reply(self, wire: Wire, case: Case) -> WireReply:
        try:
            return wire.reply(case.method)
        except (NoReply, TimeoutError) as error:
            raise Wrong(f"no reply: {error}", case.number, case.raw, wire.left) from error

    def _wires(self, count: int) -> list[Wire]:
        """Connections that are kept, but no longer than servers keep them."""
        now_s = time.monotonic()
        if now_s - self._used_s > 2:
            self._drop_pool()
        self._used_s = now_s
        while len(self._pool) < count:
            self._pool.append(Wire(self.port))
        return self._pool[:count]

    def _drop_pool(self) -> None:
        for wire in self._pool:
            wire.close()
        self._pool.clear()


def hash_of(case: Case) -> int:
    return sum(case.number.encode())


def judge(case: Case, reply: WireReply) -> None:
    """What can be said of one answer.

    Raises:
        Wrong: it is not as it must be.
    """

    def demand(condition: object, what: str) -> None:
        if not condition:
            raise Wrong(what, case.number, case.raw, reply.raw)

    demand(case.speaks_s3 or reply.status in ALLOWED, f"status {reply.status}")
    names = [name for name, _ in reply.headers]
    demand(len(names) == len(set(names)), "a header stands there twice")
    _judge_leaks(case.number, case.raw, reply.raw, shows_token=case.shows_token)
    if case.body and case.method in (b"GET", b"HEAD"):
        demand(_HIDDEN_BYTES not in reply.raw, "a body was taken for a request")
    if case.expected is not None and not (reply.status == 400 and b"close" in (reply.header(b"connection") or b"")):
        status, content = case.expected
        demand(reply.status == status, f"status {reply.status} in the place of {status}")
        if status in (200, 206):
            length = reply.header(b"content-length")
            demand(length == b"%d" % len(content), f"{length!r} bytes in the place of {len(content)}")
            demand(case.method == b"HEAD" or reply.body == content, "other bytes than the object's")
    if case.speaks_s3:
        judge_s3(case, reply, demand)
        return
    if case.target.startswith(b"/data/") and reply.status not in (400, 413, 414):
        demand(reply.header(b"access-control-allow-origin") == b"*", "no page may read it")
    if case.method in (b"GET", b"HEAD") and reply.status in (200, 206):
        _judge_read(case, reply, demand)
    if reply.status == 416 and case.expected is not None:
        demand(re.fullmatch(rb"bytes \*/\d+", reply.header(b"content-range") or b""), "no size")


def _judge_read(case: Case, reply: WireReply, demand: Demand) -> None:
    objects = reference(case)
    demand(objects is not None, "there is nothing to read")
    assert objects is not None
    key = key_of(case)
    if not key or key.endswith("/"):
        demand(reply.status == 200, "a part of a listing")
        if reply.header(b"content-type") == b"application/json" and reply.body:
            json.loads(reply.body)
        return
    if reply.status == 206:
        demand(any(name.lower() == b"range" for name, _ in case.headers), "a part of what was asked for as a whole")
    judge_object(case, reply, objects.get(key), demand)


def _judge_leaks(number: str, sent: bytes, came: bytes, *, shows_token: bool) -> None:
    for secret in _SEALED:
        if secret in came:
            raise Wrong("bytes that nobody may read", number, sent, came)
    said = sent + unquote_to_bytes(sent)
    for name in _NAMES:
        if name in came and name not in said:
            raise Wrong("a name that nobody may know", number, sent, came)


_WHOLES = {content for objects in (FROZEN, UNION, LINKED) for content in objects.values()} | {b"draft", b"behind"}


def _judge_free_body(request: Distorted, reply: WireReply) -> None:
    """Of an answer to who knows what: its bytes are some object's, or a listing, or none."""
    if reply.status == 206:
        found = re.fullmatch(rb"bytes (\d+)-(\d+)/(\d+)", reply.header(b"content-range") or b"")
        if found and any(
            len(whole) == int(found[3]) and whole[int(found[1]) : int(found[2]) + 1] == reply.body for whole in _WHOLES
        ):
            return
    elif reply.status != 200 or reply.body in _WHOLES or is_xml(reply) or reply.header(b"vary") == b"Accept":
        return
    raise Wrong("bytes of no object", request.number, request.raw, reply.raw)


def _lasting(reply: WireReply) -> list[tuple[bytes, bytes]]:
    """The headers that do not change from answer to answer."""
    return [pair for pair in reply.headers if pair[0] not in (b"date", b"x-request-id")]


def _without_names(text: bytes) -> bytes:
    for name in _NAMES:
        text = text.replace(name, NOBODY.encode())
    return text


@contextmanager
def arranged(arrangement: str) -> Iterator[int]:
    """The port of the real server over the place of random_place.py, or of nginx in front of it."""
    from tests.serving.conftest import place_published

    with TemporaryDirectory() as name, ExitStack() as running:
        top = Path(name)
        top.chmod(0o755)
        place = top / "place"
        place.mkdir()
        write_place(place)
        server = running.enter_context(served_over(str(place)))
        if arrangement == "server":
            yield server.port
            return
        place_published(snapshot_of(str(place)), PublishedTree(top / "published"))
        (top / "nginx").mkdir()
        yield running.enter_context(nginx_in_front(top / "nginx", home=top, application_port=server.port)).port
