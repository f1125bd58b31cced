"""Who may see what is decided in one place."""

import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CATALOGUE = CHECKOUT / "datasets" / "catalogue"
# Where memberships decide, are listed and are changed. The administration goes by Django's own permissions.
MAY = {
    CATALOGUE / "queries" / "visibility.py",
    CATALOGUE / "queries" / "memberships.py",
    CATALOGUE / "actions" / "memberships.py",
    CATALOGUE / "admin" / "access.py",
}
DECIDES = re.compile(r"\bis_superuser\b(?!``)|Membership\.objects|\.memberships\b(?! import)")


def test_nobody_else_looks_at_memberships_or_for_the_operator() -> None:
    sources = [path for room in ("portal", "datasets") for path in sorted((CHECKOUT / room).rglob("*.py"))]
    found = [
        f"{path.relative_to(CHECKOUT)}:{number}: {line.strip()}"
        for path in sources
        if path not in MAY and "migrations" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if DECIDES.search(line)
    ]
    assert found == []
