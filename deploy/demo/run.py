"""``make demo``: the sample written and published, then the server. What is done already is not done again."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
SAMPLE_KEY = "demo/fib25-ts2.zarr"  # fib25-ts2.toml names it


def main() -> None:
    """The sample, then the server; with ``--no-server`` the sample alone."""
    sys.path.insert(0, str(CHECKOUT))
    os.chdir(CHECKOUT)  # the server imports the site from here
    from datasets.volumes.errors import CisternaError
    from deploy.demo.sample import SampleDamaged, has_sample, put_sample

    try:
        from portal.config import Config

        own = next(root for root in Config.from_env().roots if root.is_own)
        if not has_sample(own, SAMPLE_KEY):
            print(f"Writing the sample to {own.url}", flush=True)
            put_sample(own, SAMPLE_KEY)
    except (CisternaError, SampleDamaged, OSError) as error:
        sys.exit(f"The demo cannot start: {error}")

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.core.management import execute_from_command_line

    manage = str(CHECKOUT / "manage.py")
    execute_from_command_line([manage, "migrate", "--verbosity", "0"])
    publish_sample()
    make_manifest()
    if "--no-server" not in sys.argv:
        execute_from_command_line([manage, "serve"])


def publish_sample() -> None:
    """As a curator does. What an earlier version of the portal has published is frozen, and stays as it is."""
    from django.core.management import CommandError, call_command

    from datasets.publishing.actions.publish import DatasetExists

    try:
        call_command("publish", str(HERE / "fib25-ts2.toml"))
    except CommandError as error:
        if not isinstance(error.__cause__, DatasetExists):
            sys.exit(f"The demo cannot start: {error}")
        print("The sample was published by an earlier version of the portal, and stays as it is", flush=True)


def make_manifest() -> None:
    """So that the sample can be downloaded with its digests. Without them the portal works all the same."""
    from django.core.management import CommandError, call_command

    try:
        call_command("manifest", "fib25-ts2")
    except CommandError as error:
        print(f"The sample has no manifest: {error}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:  # what was half done is removed or rolled back by now
        sys.exit(130)
