"""The database's connection that a test is in, where requests begin and end outside Django's own client."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def one_connection() -> Iterator[None]:
    """As within Django's own client: the end of a request does not close the connection that the test is in.

    Django closes one that is older than it should be or, as in a test's transaction, does not commit by itself.
    """
    commits, close_at = connection.settings_dict["AUTOCOMMIT"], connection.close_at
    connection.settings_dict["AUTOCOMMIT"], connection.close_at = connection.get_autocommit(), None
    try:
        yield
    finally:
        connection.settings_dict["AUTOCOMMIT"], connection.close_at = commits, close_at
