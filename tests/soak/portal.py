"""A portal of its own: its data made in this process, served by another."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.portals import served, settings_of
from tests.ports import free_port


def begin(home: Path, **more: str) -> None:
    """A new portal in ``home`` with a root ``data``; from now on it is that of this process and of those it starts."""
    (home / "data").mkdir(parents=True)
    own = {"DJANGO_SETTINGS_MODULE": "portal.settings", "CISTERNA_ROOT_DATA": (home / "data").as_uri()}
    os.environ.update(settings_of(home, free_port(), **own, **more))
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


@contextmanager
def serving(home: Path) -> Iterator[int]:
    """The port of the portal that was begun."""
    with served(os.environ, home / "server.log"):
        yield int(os.environ["PORT"])
