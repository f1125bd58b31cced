"""When everyone refuses: what becomes less open may still be answered from memory for a moment after it was decided."""

import time

from django.db import transaction

REFUSED_EVERYWHERE_S = 2.0
"""How long after a change an answer may still follow from before it: a second in a server process's memory (snapshot,
callers), and a second in that of a front server (its answers about access; its open files)."""


def wait_until_refused_everywhere() -> None:
    """Have the caller's transaction, once it is committed, followed by a wait until no server answers from before."""
    transaction.on_commit(lambda: time.sleep(REFUSED_EVERYWHERE_S))
