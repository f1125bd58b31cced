"""The API is asked for whatever its document allows, and for what it does not, as a stranger and as a curator.

    python -m tests.soak.api --examples 300 --seconds 1200 --seed 1

A portal of its own for each database, SQLite and PostgreSQL (where that is installed), asked over a socket; cutouts,
slices and manifests, too. No answer may be an error of the server (5xx) or other than the document says. Prints how
many answers had which status; ends with 1 and the requests that were answered wrongly, as small as they can be made.
"""

import argparse
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.postgresql_server import find_server, postgresql
from tests.soak.portal import begin, serving

CHECKOUT = Path(__file__).resolve().parents[2]
BATCH = 25
"""So many requests of an operation, then as many of the next: whoever stops it early has asked for all."""


def prepare(home: Path, database: str) -> tuple[dict[str, Sequence[Any]], str]:
    """A portal in ``home`` that says something in every table. Returns what there is to ask for, and a token."""
    begin(home, CISTERNA_API_REQUESTS_PER_MINUTE="0", CISTERNA_DATABASE=database)
    from django.contrib.auth import get_user_model

    from datasets.catalogue.actions.selections import store_selection
    from datasets.catalogue.actions.tokens import create_api_token
    from datasets.catalogue.actions.versions import freeze, revise
    from datasets.catalogue.models import Collection, Dataset, Model, Person, Task
    from datasets.publishing.actions import publish
    from datasets.publishing.specification import check_specification
    from tests.catalogue.test_versions import everything
    from tests.samples import specification, write_container

    write_container(home / "data" / "small.zarr")
    publish(specification=check_specification(specification("data:small.zarr")), base=home, by=None)
    draft = everything()
    for mount in draft.mounts.filter(root="own"):
        (home / "own" / mount.key).mkdir(parents=True)
    version = freeze(draft=draft, by=None)
    Dataset.objects.update(visibility="public")
    revise(dataset=version.dataset, by=None)
    for table in (Model, Task, Collection):
        table._default_manager.create(name="example", title="An example")
    curator = get_user_model().objects.create_superuser("curator", "", "a long password")
    selection = store_selection(layers=["small-cell@1/em"], by=curator)
    token = create_api_token(username="curator", label="", scope="admin", lifetime=None, by=None)
    known = {
        "ref": ["small-cell", "small-cell@1", "cell", "cell@1", "cell@draft", "small-cell@draft", "cell@2"],
        "path": ["em", "labels/cells", *version.volumes.values_list("path", flat=True)],
        "number": list(Person.objects.values_list("pk", flat=True)),
        "identifier": [selection.pk],
        "short_name": ["mito", "er", "nowhere"],
        "name": ["example", "unet"],
        "If-Match": ["*", '"nonsense"'],
    }
    return known, token.bearer


def ask(
    base_url: str, known: Mapping[str, Sequence[Any]], bearer: str, *, examples: int, seconds: float, chance: int
) -> int:
    """Ask for all operations in turn, for so long; how many were answered wrongly."""
    import requests
    import schemathesis

    from tests.asking_anything import ask_often

    document = requests.get(f"{base_url}/api/v1/schema/", timeout=60).json()
    operations = [found.ok() for found in schemathesis.openapi.from_dict(document).get_all_operations()]
    callers = {"stranger": {}, "curator": {"Authorization": f"Bearer {bearer}"}}
    seen = {caller: Counter[int]() for caller in callers}
    wrong: set[tuple[str, str]] = set()
    numbers = random.Random(chance)
    ends_s, turn = time.monotonic() + seconds, 0
    while turn * BATCH < examples and time.monotonic() < ends_s:
        turn += 1
        for operation in operations:
            for caller, headers in callers.items():
                for forbidden in (False, True):
                    number = numbers.randrange(2**32)
                    if (operation.label, caller) in wrong:
                        continue
                    try:
                        ask_often(
                            operation, examples=BATCH if not forbidden else BATCH // 3, known=known, headers=headers,
                            base_url=base_url, seen=seen[caller], number=number, forbidden=forbidden, timeout=120,
                        )  # fmt: skip
                    except (Exception, BaseExceptionGroup) as error:  # whatever is raised is what came of it
                        if "Unsatisfiable" not in type(error).__name__:
                            wrong.add((operation.label, caller))
                            print(f"{operation.label} as {caller}, number {number}: {told(error)}", flush=True)
    for caller, statuses in seen.items():
        print(f"{sum(statuses.values()):8} answers to a {caller}: {dict(sorted(statuses.items()))}")
    return len(wrong)


def told(error: BaseException) -> str:
    """What an error says, and those within it."""
    notes = "\n".join(getattr(error, "__notes__", ()))
    within = "\n".join(told(each) for each in getattr(error, "exceptions", ()))
    return "\n".join(filter(None, (f"{type(error).__name__}: {error}", notes, within)))[:6000]


def run(command: list[str]) -> int:
    """Run a program to its end, or to ours."""
    with subprocess.Popen(command, cwd=CHECKOUT) as program:
        try:
            return program.wait()
        except BaseException:
            program.terminate()
            raise


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # servers end with us
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--examples", type=int, default=300, help="requests of each operation and caller (300)")
    options.add_argument("--seconds", type=float, default=1200, help="no longer than this for each database (1200)")
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options.add_argument("--database", help="the address of an empty one; only this is used")
    given = options.parse_args()
    if given.database is not None:
        with TemporaryDirectory() as folder:
            home = Path(folder, "home")
            known, bearer = prepare(home, given.database)
            with serving(home) as port:
                base_url = f"http://127.0.0.1:{port}"
                wrong = ask(base_url, known, bearer, examples=given.examples, seconds=given.seconds, chance=given.seed)
            if wrong:
                log = (home / "server.log").read_text().split("\n20")  # each entry begins with the year
                print("\n20".join(entry for entry in log if " WARNING django.request " not in entry)[-20_000:])
            return int(wrong > 0)
    print(f"--seed {given.seed}")
    chosen = [f"--examples={given.examples}", f"--seconds={given.seconds}", f"--seed={given.seed}"]
    command = [sys.executable, "-m", "tests.soak.api", *chosen]
    failed = run([*command, "--database", ""])
    if (server := find_server()) is None:
        print("PostgreSQL is not here: only SQLite was asked")
        return failed
    with postgresql(server) as address:
        return failed | run([*command, "--database", address])


if __name__ == "__main__":
    sys.exit(main())
