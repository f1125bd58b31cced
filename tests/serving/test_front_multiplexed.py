"""Behind nginx over HTTP/2, a burst of chunks comes over one connection that stays."""

import subprocess
from pathlib import Path

import pytest

from datasets.storage.published_tree import PublishedTree
from tests.nginx import make_certificate, nginx_in_front
from tests.serving.conftest import place_published
from tests.serving.plane import TOKEN, snapshot_of
from tests.serving.transports import Server

pytestmark = pytest.mark.nginx

BURST = 1500  # more than the 1000 after which nginx closes a connection if not told otherwise


@pytest.mark.parametrize("dataset", ["frozen%401", "secret%401"])
def test_a_burst_needs_one_connection(folder: Path, servers: dict[str, Server], tmp_path: Path, dataset: str) -> None:
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    place_published(snapshot_of(str(folder)), PublishedTree(tmp_path / "published"))
    (tmp_path / "nginx").mkdir()
    port, certificate = servers[str(folder)].port, make_certificate(tmp_path)
    with nginx_in_front(tmp_path / "nginx", home=tmp_path, application_port=port, certificate=certificate) as nginx:
        transfer = "\n".join(
            (
                f'url = "https://127.0.0.1:{nginx.port}/data/{dataset}/c/0/0/1"',
                f'header = "Authorization: Bearer {TOKEN.decode()}"',
                'write-out = "%{http_version} %{http_code} %{size_download} %{local_port}\\n"',
                'output = "/dev/null"',
                "insecure",
            )
        )
        done = subprocess.run(
            ["curl", "--disable", "--no-progress-meter", "--parallel", "--parallel-max", "100", "--config", "-"],
            input="\nnext\n".join([transfer] * BURST), capture_output=True, text=True, check=True,
        )  # fmt: skip
    answers = [line.rpartition(" ") for line in done.stdout.splitlines()]
    assert [answer for answer, _, _ in answers] == ["2 200 5"] * BURST
    assert len({port for _, _, port in answers}) == 1
