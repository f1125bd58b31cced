"""The triggers that hold what constraints cannot say are there after each migration; and what they refuse."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DataError, IntegrityError, connection, transaction

from datasets.catalogue.models import OrganelleClass, Organization, Person
from datasets.catalogue.row_rules import missing_triggers, release_rules

pytestmark = pytest.mark.django_db


def test_a_migrated_database_has_all_of_them() -> None:
    assert missing_triggers() == []


def test_migrating_again_puts_lost_ones_back() -> None:
    release_rules("default")
    assert len(missing_triggers()) == 2 + 3 * 16 + 2
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
        release_rules("default")
        source = "sqlite_master WHERE type = 'trigger'" if connection.vendor == "sqlite" else "pg_trigger WHERE true"
        name = "name" if connection.vendor == "sqlite" else "tgname"
        cursor.execute(f"SELECT count(*) FROM {source} AND {name} = 'theirs'")
        assert cursor.fetchone() == (1,)


class TestClassTree:
    def test_no_class_is_a_part_of_itself_through_others(self) -> None:
        mito, membrane = (OrganelleClass.objects.get(short_name=name) for name in ("mito", "mito_mem"))
        assert membrane.parent == mito
        with pytest.raises(IntegrityError, match="part of itself"), transaction.atomic():
            OrganelleClass.objects.filter(pk=mito.pk).update(parent=membrane)
        with pytest.raises(IntegrityError, match="part of itself"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE catalogue_organelleclass SET parent_id = %s WHERE id = %s", [membrane.pk, mito.pk])

    def test_a_class_may_move(self) -> None:
        lumen, er = (OrganelleClass.objects.get(short_name=name) for name in ("mito_lum", "er"))
        OrganelleClass.objects.filter(pk=lumen.pk).update(parent=er)


class TestCheckDigits:
    @pytest.mark.parametrize("orcid", ["0000-0002-1825-0097", "0000-0002-1694-233X", "0000-0001-5109-3700", ""])
    def test_right_orcids(self, orcid: str) -> None:
        Person.objects.create(name="Josiah Carberry", orcid=orcid)

    @pytest.mark.parametrize("orcid", ["0000-0002-1825-0098", "0000-0002-1694-2331", "0000-0002-1825-009X"])
    def test_mistyped_orcids_are_refused_below_the_forms(self, orcid: str) -> None:
        with pytest.raises(IntegrityError):
            Person.objects.create(name="Josiah Carberry", orcid=orcid)

    @pytest.mark.parametrize("ror", ["013sk6x84", "02mhbdp94", "01an7q238", ""])
    def test_right_rors(self, ror: str) -> None:
        Organization.objects.create(name="somewhere", title="Somewhere", ror=ror)

    @pytest.mark.parametrize("ror", ["013sk6x85", "02mhbdp49", "01an7q23i"])
    def test_mistyped_rors_are_refused_below_the_forms(self, ror: str) -> None:
        with pytest.raises((IntegrityError, DataError)):  # PostgreSQL takes no letter for a number
            Organization.objects.create(name="somewhere", title="Somewhere", ror=ror)
