"""What a database knows of its own tables."""

from __future__ import annotations

from django.db import connection


def learn_table_sizes() -> None:
    """Have the database learn how many rows its tables have, and which values are common: after much was written.

    PostgreSQL does so by itself after a minute, SQLite never. Until then both plan as for empty tables, and what takes
    milliseconds takes seconds.
    """
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
