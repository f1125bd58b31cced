"""What a process that answers does once, when it has loaded."""

import gc

from django.urls import get_resolver

COLLECTED_AT = (10_000, 2, 100)
"""So many new objects, and so many collections of younger ones, bring a collection of each of the three ages."""


def settle() -> None:
    """Have Python's collector of garbage leave alone what is loaded now, as it stays as long as the process does, and
    collect what requests leave behind soon.

    Otherwise a full collection walks over all of it, and whoever asks at that moment waits for that. Rows and their
    querysets lead to each other in circles, and a list leaves thousands: while they are young, that is 20 ms; when all
    of some dozen requests has grown old, 300.
    """
    _ = get_resolver().url_patterns  # the views, and what they import: otherwise loaded with the first request
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AT)
