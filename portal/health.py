"""Is the portal alive, and is it ready? Which part is not, and why. ``manage.py doctor`` tells more, with fixes."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from datasets.processing.queries.jobs import has_alarms
from datasets.storage.roots import all_roots
from portal.doctor.database import database_trouble
from portal.doctor.storage import root_trouble


def live(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> HttpResponse:
    """The database and each storage root answer; 503 otherwise, naming those that do not, without details."""
    checks = {"database": database_trouble() or "ok"}
    for root in all_roots():
        trouble = root_trouble(root.name)
        checks[f"root:{root.name}"] = trouble.title if trouble else "ok"
    failed = any(state != "ok" for state in checks.values())
    checks["audits"] = _alarms() if checks["database"] == "ok" else "unknown"  # what it says keeps nobody away
    return JsonResponse({"status": "unavailable" if failed else "ok", "checks": checks}, status=503 if failed else 200)


def _alarms() -> str:
    """No number: it would count what is not public, too."""
    return "objects of published versions are not what they were: see /jobs/" if has_alarms() else "ok"
