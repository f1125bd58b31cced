from collections.abc import Iterator
from pathlib import Path

import pytest

from datasets.storage.roots import OWN_ROOT, Root, all_roots, configure_roots


@pytest.fixture
def data_root(tmp_path: Path) -> Iterator[Path]:
    """A folder that is the root ``data``, beside an own root of its own."""
    before = all_roots()
    folder = tmp_path / "data"
    folder.mkdir()
    (tmp_path / "own").mkdir()
    configure_roots([Root(name="data", url=folder.as_uri()), Root(name=OWN_ROOT, url=(tmp_path / "own").as_uri())])
    yield folder
    configure_roots(before)
