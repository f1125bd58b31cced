"""All checks, in the order in which one thing needs another."""

from collections.abc import Iterator

from django.conf import settings

from datasets.storage.roots import all_roots
from portal.doctor import build, database, machine, site, storage
from portal.doctor.findings import Finding, Verdict


def examine() -> Iterator[Finding]:
    """Look at everything. Nothing is changed but one small object written to the own root."""
    config = settings.CONFIG
    yield from machine.check_versions()
    yield from site.check_variables()
    yield from site.check_addresses(config)
    yield from site.check_secret_key(config)
    yield from site.check_privacy(config)
    found = list(database.check_database(config))
    yield from found
    if all(finding.verdict is Verdict.OK for finding in found):
        yield from site.check_django()  # which asks the database
    for root in all_roots():
        yield storage.check_root_answers(root)
    yield from storage.check_own_root_takes_data()
    yield from build.check_frontend()
    yield from build.check_static_files()
    yield from machine.check_space(config)
