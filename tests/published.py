"""A dataset that is published once per test process, and put back for each test that asks for it.

What publishing writes is kept: the rows, in the order of their foreign keys, and the files below the roots. Putting
them back costs a tenth of publishing.
"""

from __future__ import annotations

import copy
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from django.db.models import Model

from datasets.catalogue.actions.revision import bump_revision
from datasets.catalogue.actions.versions import CONTENT, content_of
from datasets.catalogue.models import AuditEvent, Dataset, DatasetVersion, Person, State
from datasets.catalogue.search.indexing import index_dataset
from datasets.publishing.actions import publish
from datasets.publishing.specification import check_specification

_kept: dict[str, tuple[Path, DatasetVersion, list[list[Model]]]] = {}


def publish_once(document: dict[str, Any], folder: Path) -> DatasetVersion:
    """Version 1 of a specification's dataset. ``folder`` holds the roots ``data``, with its data, and ``own``.

    Data are known by the specification that names them: other data, another specification.
    """
    said = json.dumps(document, sort_keys=True)
    if said not in _kept:
        version = publish(specification=check_specification(document), base=Path(), by=None).version
        files = Path(tempfile.mkdtemp()) / "own"
        shutil.copytree(folder / "own", files, symlinks=True)
        rows = [list(Person.objects.all()), *(list(content_of(version, table)) for table, _ in CONTENT)]
        _kept[said] = files, copy.copy(version), [*rows, list(AuditEvent.objects.all())]
        return version
    files, version, tables = _kept[said]
    shutil.copytree(files, folder / "own", symlinks=True, dirs_exist_ok=True)
    Dataset.objects.bulk_create([version.dataset])
    frozen = copy.copy(version)
    # Its content can be written while it is a draft.
    version = copy.copy(version)
    version.number, version.state, version.frozen_at, version.record, version.record_digest = (
        None, State.DRAFT, None, "", ""
    )  # fmt: skip
    DatasetVersion.objects.bulk_create([version])
    for rows in tables:
        if rows:
            type(rows[0])._default_manager.bulk_create(rows)
    frozen.save()
    index_dataset(frozen.dataset)
    bump_revision()
    return DatasetVersion.objects.select_related("dataset").get(pk=frozen.pk)
