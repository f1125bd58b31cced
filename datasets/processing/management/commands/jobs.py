"""``manage.py jobs [ID] [--watch | --cancel | --retry]``: what is being derived, and how far it is."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.processing.actions.jobs import cancel, retry
from datasets.processing.models import LIVE, Job, JobState
from datasets.processing.pages.jobs import how_far
from datasets.processing.queries.jobs import find_any_job

SHOWN = 30


class Command(OperatorCommand):
    help = "Tell which jobs wait, run and have ended, newest first; of one, its log as well."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job", nargs="?", help="the id of one of them")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--watch", action="store_true", help="tell on until it has ended; 1 if it has failed")
        what.add_argument("--cancel", action="store_true", help="call it off")
        what.add_argument("--retry", action="store_true", help="have it tried again, from where it was")

    def handle(self, *args: Any, job: str | None, **options: Any) -> None:
        if job is None:
            if options["watch"] or options["cancel"] or options["retry"]:
                raise CommandError("Name the job")
            for each in Job.objects.defer("blocks_done")[:SHOWN]:
                self.stdout.write(_line(each))
            return
        if options["cancel"]:
            found = cancel(uid=job, by=None)
        elif options["retry"]:
            found = retry(uid=job, by=None)
        else:
            found = find_any_job(job)
        if options["watch"]:
            found = self._watch(found)
        for line in found.lines.all():
            self.stdout.write(f"{line.at:%Y-%m-%d %H:%M:%S} {line.text}")
        self.stdout.write(_line(found))
        if options["watch"] and found.state == JobState.FAILED:
            raise CommandError("It has failed")

    def _watch(self, job: Job) -> Job:
        said = ""
        while job.state in LIVE:
            if (now := how_far(job)) != said:
                self.stderr.write(now)
                said = now
            time.sleep(1)
            job.refresh_from_db()
        return job


def _line(job: Job) -> str:
    return f"{job.uid} {job.created_at:%Y-%m-%d %H:%M} {job.recipe:<10} {job.subject}: {how_far(job)}"
