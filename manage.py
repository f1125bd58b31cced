#!/usr/bin/env python
"""The command line of the portal: ``python manage.py help``."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.core.management import execute_from_command_line

    from datasets.volumes.errors import CisternaError

    try:
        execute_from_command_line(sys.argv)
    except CisternaError as error:  # the configuration cannot be used: no command has begun
        if sys.argv[1:2] != ["doctor"]:
            sys.exit(f"{error.slug}: {error}")
        from portal.doctor.findings import Finding, report

        sys.exit(report([Finding.of_error("configuration", error)], as_json="--json" in sys.argv, out=sys.stdout))


if __name__ == "__main__":
    main()
