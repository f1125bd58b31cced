"""The ASGI application: the data plane first, Django for everything else."""

import os
from typing import cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django_application = get_asgi_application()

from datasets.serving.asgi import Application, DataPlane  # noqa: E402 (Django must be set up first)
from datasets.serving.catalogue_snapshot import catalogue_snapshots  # noqa: E402
from datasets.serving.identity import FindKey, Identify  # noqa: E402

application = DataPlane(cast(Application, django_application), catalogue_snapshots(), Identify(), FindKey())
