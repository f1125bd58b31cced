"""The ASGI application: the data plane first, Django for everything else."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django_application = get_asgi_application()

from datasets.serving.asgi import DataPlane  # noqa: E402 (Django must be set up first)
from datasets.serving.catalogue_snapshot import catalogue_snapshots  # noqa: E402

application = DataPlane(django_application, snapshots=catalogue_snapshots())
