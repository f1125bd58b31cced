"""``make demo``: the sample written and published, then the server. What is done already is not done again."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent


def main() -> None:
    sys.path.insert(0, str(CHECKOUT))
    os.chdir(CHECKOUT)  # the server imports the site from here
    from datasets.volumes.errors import CisternaError
    from deploy.demo.sample import SampleDamaged, write_sample

    try:
        from portal.config import Config

        own = next(root for root in Config.from_env().roots if root.is_own)
        if own.path is None:
            sys.exit(f"The demo cannot start: it writes its sample to a folder, and the own root is {own.url}.")
        sample = own.path / "demo" / "fib25-ts2.zarr"
        if not sample.exists():
            print("Writing the sample", flush=True)
        write_sample(sample)
    except (CisternaError, SampleDamaged, OSError) as error:
        sys.exit(f"The demo cannot start: {error}")

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.core.management import execute_from_command_line

    manage = str(CHECKOUT / "manage.py")
    execute_from_command_line([manage, "migrate", "--verbosity", "0"])
    execute_from_command_line([manage, "publish", str(HERE / "fib25-ts2.toml")])
    execute_from_command_line([manage, "serve"])


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:  # what was half done is removed or rolled back by now
        sys.exit(130)
