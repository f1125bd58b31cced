"""The triggers that hold frozen rows are there after each migration; what they refuse, publishing's tests show."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from datasets.catalogue.frozen_rows import missing_triggers, release_frozen_rows

pytestmark = pytest.mark.django_db


def test_a_migrated_database_has_all_of_them() -> None:
    assert missing_triggers() == []


def test_migrating_again_puts_lost_ones_back() -> None:
    release_frozen_rows("default")
    assert len(missing_triggers()) == 29
    call_command("migrate", stdout=StringIO())
    assert missing_triggers() == []


def test_triggers_of_somebody_else_are_left_alone() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("CREATE TRIGGER theirs BEFORE DELETE ON catalogue_mount BEGIN SELECT 1; END")
        else:
            cursor.execute("CREATE FUNCTION theirs() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'")
            cursor.execute(
                "CREATE TRIGGER theirs BEFORE DELETE ON catalogue_mount FOR EACH ROW EXECUTE FUNCTION theirs()"
            )
        release_frozen_rows("default")
        source = "sqlite_master WHERE type = 'trigger'" if connection.vendor == "sqlite" else "pg_trigger WHERE true"
        name = "name" if connection.vendor == "sqlite" else "tgname"
        cursor.execute(f"SELECT count(*) FROM {source} AND {name} = 'theirs'")
        assert cursor.fetchone() == (1,)
