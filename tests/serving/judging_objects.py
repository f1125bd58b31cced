"""What can be said of an answer that is an object, or a part of one: its exact bytes under its own tag."""

import re
from collections.abc import Callable

from tests.serving.random_case import Case
from tests.serving.random_place import MTIME_S
from tests.serving.wire import WireReply

type Demand = Callable[[object, str], None]


def judge_object(case: Case, reply: WireReply, whole: bytes | None, demand: Demand) -> None:
    """Demand that ``reply`` is of the object ``whole``; None where there is none that the caller may read."""
    demand(whole is not None, "there is no such object")
    assert whole is not None
    start, stop = 0, len(whole)
    if reply.status == 206:
        found = re.fullmatch(rb"bytes (\d+)-(\d+)/(\d+)", reply.header(b"content-range") or b"")
        demand(found, "no content-range")
        assert found
        start, stop = int(found[1]), int(found[2]) + 1
        demand(0 <= start < stop <= len(whole) == int(found[3]), "an impossible range")
    demand(reply.header(b"content-length") == b"%d" % (stop - start), "another length")
    demand(case.method == b"HEAD" or reply.body == whole[start:stop], "other bytes than the object's")
    demand(reply.header(b"etag") == b'"%x-%x"' % (MTIME_S, len(whole)), "another tag")
