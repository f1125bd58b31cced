"""No share token in what nginx writes, whatever became of the request."""

import time
from pathlib import Path

import pytest

from datasets.storage.published_tree import PublishedTree
from tests.nginx import nginx_in_front
from tests.ports import free_port
from tests.serving.conftest import place_published
from tests.serving.plane import snapshot_of
from tests.serving.transports import over_socket

pytestmark = pytest.mark.nginx

TOKEN = "a-token-of-somebody"
PATHS = (
    f"/data/~{TOKEN}/secret@1/small",
    f"/data/~{TOKEN}/frozen@1/small",
    f"/data/~{TOKEN}/frozen/a//b?c=d",
    f"/data/~{TOKEN}",
    f"/data/%7E{TOKEN}/secret@1/small",
    f"/data/%7e{TOKEN}/secret@1/",
    f"//data//~{TOKEN}/secret@1/small",
    f"/data%2f~{TOKEN}/secret@1/small",
    f"/r/{TOKEN}/",
    f"/R/{TOKEN}",
    f"/r//{TOKEN}/",
    f"/?next=/r/{TOKEN}/",
)


def test_no_token_is_in_a_log(folder: Path, tmp_path: Path) -> None:
    """No portal runs: nginx has a reason to complain of each request."""
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    place_published(snapshot_of(str(folder)), PublishedTree(tmp_path / "published"))
    (tmp_path / "nginx").mkdir()
    with nginx_in_front(tmp_path / "nginx", home=tmp_path, application_port=free_port()) as nginx:
        with over_socket(nginx.port) as ask:
            for path in PATHS:
                assert ask(path).status >= 500
            assert ask("/data/secret@1/small", referer=f"http://127.0.0.1/data/~{TOKEN}/secret@1/").status >= 500
            assert ask("/data/frozen@1/small", referer=f"http://127.0.0.1/data/~{TOKEN}/secret@1/").status == 200
        deadline_s = time.monotonic() + 20
        while nginx.logs()["access.log"].count("\n") < len(PATHS) + 2 and time.monotonic() < deadline_s:
            time.sleep(0.1)
        logs = nginx.logs()
    assert {"access.log", "error.log", "request-error.log"} <= logs.keys()
    lines = logs["access.log"].splitlines()
    assert len(lines) == len(PATHS) + 2
    assert sum("***" in line for line in lines) == len(PATHS) - 1
    assert '"GET /data/frozen@1/small" 200 ' in lines[-1]
    assert [name for name, text in logs.items() if TOKEN in text] == []
