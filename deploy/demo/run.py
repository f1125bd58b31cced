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

        folder = Config.from_env().home / "demo"
        os.environ["CISTERNA_ROOT_DEMO"] = folder.as_uri()
        if not (folder / "fib25-ts2.zarr").exists():
            print("Writing the sample", flush=True)
        write_sample(folder / "fib25-ts2.zarr")
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
