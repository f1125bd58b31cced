"""The roots: do they answer, and does the own one take data?"""

from collections.abc import Iterator

from datasets.storage import objects
from datasets.storage.roots import OWN_ROOT, Root, get_root
from datasets.volumes.errors import CisternaError
from portal.doctor.findings import Finding

PROBE = "doctor/last-written"


def root_trouble(name: str) -> CisternaError | None:
    """Why the root cannot be read; None: it can."""
    try:
        objects.check_root(name)
    except CisternaError as error:
        return error
    return None


def check_root_answers(root: Root) -> Finding:
    """Reachable, with the right credentials; for a folder: there and readable."""
    check = f"root:{root.name}"
    trouble = root_trouble(root.name)
    return Finding.of_error(check, trouble) if trouble else Finding.ok(check, root.url)


def check_own_root_takes_data() -> Iterator[Finding]:
    """Written to for real, through the same code that keeps pictures and derived data."""
    check = f"root:{OWN_ROOT}"
    if root_trouble(OWN_ROOT):
        return  # said already
    try:
        objects.write(get_root(OWN_ROOT), PROBE, b"manage.py doctor tries whether the own root takes data\n")
    except CisternaError as error:
        yield Finding.of_error(check, error)
    else:
        yield Finding.ok(check, "takes data")
