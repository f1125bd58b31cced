"""Is the portal alive, and is it ready? Which part is not, and why."""

from django.db import connection
from django.db.utils import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse

from datasets.storage.objects import check_root
from datasets.storage.roots import all_roots
from datasets.volumes.errors import CisternaError


def live(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> HttpResponse:
    """The database and each storage root answer; 503 otherwise, naming those that do not."""
    checks = {"database": _database(), **{f"root:{root.name}": _root(root.name) for root in all_roots()}}
    failed = any(state != "ok" for state in checks.values())
    return JsonResponse({"status": "unavailable" if failed else "ok", "checks": checks}, status=503 if failed else 200)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT value FROM catalogue_revisionstamp")
    except DatabaseError as error:
        return f"{type(error).__name__}: run manage.py migrate, and see the log"
    return "ok"


def _root(name: str) -> str:
    try:
        check_root(name)
    except CisternaError as error:
        return error.title
    return "ok"
