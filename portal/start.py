"""What a process that answers does once, when it has loaded."""

import gc

from django.urls import get_resolver


def settle() -> None:
    """Have Python's collector of garbage leave alone what is loaded now, as it stays as long as the process does.

    Otherwise a full collection walks over all of it, and whoever asks at that moment waits for that.
    """
    _ = get_resolver().url_patterns  # the views, and what they import: otherwise loaded with the first request
    gc.collect()
    gc.freeze()
