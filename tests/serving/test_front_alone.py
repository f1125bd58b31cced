"""What nginx answers without asking the portal: it does so while no portal runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from datasets.storage.published_tree import PublishedTree
from tests.nginx import nginx_in_front
from tests.ports import free_port
from tests.serving.conftest import SMALL, place_published
from tests.serving.plane import snapshot_of
from tests.serving.transports import Ask, over_socket

pytestmark = pytest.mark.nginx


@pytest.fixture(scope="module")
def ask_alone(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    home = tmp_path_factory.mktemp("home")
    for path in (home, *home.parents[:2]):
        path.chmod(0o755)
    place_published(snapshot_of(str(folder)), PublishedTree(home / "published"))
    (home / "nginx").mkdir()
    with (
        nginx_in_front(home / "nginx", home=home, application_port=free_port()) as nginx,
        over_socket(nginx.port) as ask,
    ):
        yield ask


@pytest.mark.parametrize(
    "address",
    [
        "frozen@1",
        "frozen%401",  # as Neuroglancer writes it
        "frozen",
    ],
)
def test_public_files_need_no_portal(ask_alone: Ask, address: str) -> None:
    reply = ask_alone(f"/data/{address}/small")
    assert (reply.status, reply.body) == (200, SMALL)
    assert ask_alone(f"/data/{address}/c/9/9/9").status == 404


@pytest.mark.parametrize(
    "address", ["secret@1", "secret%401", "later%401", "unfinished@draft", "frozen%2F1", "frozen%25401"]
)
@pytest.mark.parametrize("key", ["small", "absent", "c", "c/0"])  # a file, nothing, and folders
def test_what_is_not_public_or_odd_does(ask_alone: Ask, address: str, key: str) -> None:
    assert ask_alone(f"/data/{address}/{key}").status >= 500


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
@pytest.mark.parametrize(
    "condition",
    ["/data/frozen@1", "/data/frozen@1/small GET ", "x /data/frozen@1/small GET", "GET"],
)
def test_no_header_passes_for_a_path(ask_alone: Ask, method: str, condition: str) -> None:
    for address in ("secret@1", "frozen%2F1", "~token/frozen@1"):
        assert ask_alone(f"/data/{address}/small", method, if_match=condition).status >= 500
    # Of these a condition, or the method, is for the portal to judge.
    assert ask_alone("/data/frozen@1/small", method, if_unmodified_since=condition).status >= 500


def test_a_share_token_is_judged_by_the_portal_where_all_is_open(ask_alone: Ask) -> None:
    for address in ("frozen@1", "frozen%401", "frozen"):
        assert ask_alone(f"/data/~token/{address}/small").status >= 500
