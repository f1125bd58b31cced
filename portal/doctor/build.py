"""What was built: the frontend, whole, and the static files where the servers look for them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.contrib.staticfiles.finders import get_finders
from django.template.utils import get_app_template_dirs

from portal.doctor.findings import Finding

BUILD = "make install"
COLLECT = "manage.py collectstatic --noinput (manage.py serve does it at each start)"
_ENTRY = re.compile(r"{%\s*frontend_(?:script|styles)\s+\"([^\"]+)\"")


def check_frontend() -> Iterator[Finding]:
    """Every entry that a template asks for, and every file that those need."""
    dist = Path(settings.FRONTEND_DIST)
    try:
        manifest = json.loads((dist / ".vite" / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        yield Finding.wrong("frontend", f"The viewer was not built: {dist} has no manifest", BUILD)
        return
    except ValueError as error:
        yield Finding.wrong("frontend", f"The manifest in {dist} cannot be read: {error}", BUILD)
        return
    entries = _entries_of_templates()
    if absent := sorted(entries - manifest.keys()):
        yield Finding.wrong("frontend", f"It was built without {', '.join(absent)}: it is older than the pages", BUILD)
        return
    files = {
        file for chunk in manifest.values() for file in (chunk["file"], *chunk.get("css", ()), *chunk.get("assets", ()))
    }
    if lost := sorted(file for file in files if not (dist / file).is_file()):
        yield Finding.wrong("frontend", f"{len(lost)} of its files are gone, such as {lost[0]}", BUILD)
        return
    yield Finding.ok("frontend", f"{len(files)} files for {len(entries)} entries")


def _entries_of_templates() -> set[str]:
    return {
        entry
        for folder in get_app_template_dirs("templates")
        for template in Path(folder).rglob("*.html")
        for entry in _ENTRY.findall(template.read_text(encoding="utf-8"))
    }


def check_static_files() -> Iterator[Finding]:
    """Every static file stands collected, as large as where it came from."""
    root = Path(settings.STATIC_ROOT)
    count, stale = 0, []
    ignored = StaticFilesConfig.ignore_patterns
    for finder in get_finders():
        for path, storage in finder.list(ignored):
            prefix = getattr(storage, "prefix", "") or ""
            name = f"{prefix}/{path}" if prefix else path
            count += 1
            collected = root / name
            if not collected.is_file() or collected.stat().st_size != storage.size(path):
                stale.append(name)
    if stale:
        yield Finding.wrong(
            "static files", f"{len(stale)} of {count} are not in {root} as they should be, such as {stale[0]}", COLLECT
        )
    else:
        yield Finding.ok("static files", f"{count} collected")
