"""Names of the files that are made of a version."""

import re

from datasets.catalogue.models import DatasetVersion

_awkward = re.compile(r"[^A-Za-z0-9_.]+")


def stem_of(version: DatasetVersion, *words: str) -> str:
    """``<dataset>-v<number>-<words>``, in letters that a header and any file system take."""
    number = "draft" if version.number is None else f"v{version.number}"
    return "-".join(filter(None, _awkward.split("-".join([version.dataset.name, number, *words]))))
