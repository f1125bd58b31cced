"""When everyone refuses: what becomes less open may still be answered from memory for a moment after it was decided."""

import time

from django.db import transaction

REFUSED_EVERYWHERE_S = 2.0
"""How long is waited after a change. An answer may follow from before it for a second in a server process's memory
(snapshot, callers) and another half in that of a front server (what it was told about access); what a front server
looks up by itself (its open files, what stands in the published tree) may be a second old. The rest is slack: a front
server reads the clock when it turns to its connections, not when it answers each."""


def wait_until_refused_everywhere() -> None:
    """Have the caller's transaction, once it is committed, followed by a wait until no server answers from before."""
    transaction.on_commit(lambda: time.sleep(REFUSED_EVERYWHERE_S))
