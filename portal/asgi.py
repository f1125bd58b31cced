"""The ASGI application: the data plane first, Django for everything else."""

import os
from typing import cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django_application = get_asgi_application()

from django.conf import settings  # noqa: E402 (Django must be set up first, for these and what follows)

from datasets.serving.access_log import AccessLog  # noqa: E402
from datasets.serving.asgi import Application, DataPlane  # noqa: E402
from datasets.serving.catalogue_snapshot import catalogue_snapshots  # noqa: E402
from datasets.serving.front_log import FrontLog  # noqa: E402
from datasets.serving.identity import FindKey, Identify  # noqa: E402
from datasets.serving.metrics import ProcessMetrics  # noqa: E402
from datasets.serving.traffic import Sink, Traffic  # noqa: E402
from datasets.serving.usage import UsageRecorder  # noqa: E402
from portal.config import Config  # noqa: E402
from portal.start import settle  # noqa: E402

config: Config = settings.CONFIG
sinks: list[Sink] = [ProcessMetrics(config.home / "metrics"), UsageRecorder()]
if config.front_log:
    sinks.append(FrontLog(config.front_log, config.home / "front-log-position", *sinks[:2]))
if config.access_log:
    sinks.append(AccessLog(config.access_log, with_addresses=config.access_log_addresses))

application = DataPlane(
    cast(Application, django_application),
    catalogue_snapshots(),
    Identify(most_waiting=config.most_waiting),
    FindKey(most_waiting=config.most_waiting),
    traffic=Traffic(*sinks, keep_entries=config.access_log is not None),
    most_waiting=config.most_waiting,
)

settle()
