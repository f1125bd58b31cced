"""Tokens in every place of a request, at the real server with its access log on: then none is found on the disk."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.journeys.conftest import CHECKOUT, begin_home, manage, wait_until_ready
from tests.journeys.test_members import KEY, PrivatePortal, as_toml, environment, until
from tests.ports import free_port
from tests.samples import specification, write_container

# As `manage.py serve`, but for the access log.
SERVER = """
import sys, uvicorn
uvicorn.run("portal.asgi:application", host="127.0.0.1", port=int(sys.argv[1]), log_config=None, access_log=True,
            http=sys.argv[2], proxy_headers=False, lifespan="off", interface="asgi3", ws="none")
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a private dataset."""
    home = tmp_path_factory.mktemp("masked")
    begin_home(home, tmp_path_factory)
    write_container(home / "data" / "small.zarr")
    (home / "spec.toml").write_text(as_toml(specification("data:small.zarr", visibility="private")))
    manage(
        home,
        ["publish", str(home / "spec.toml")],
        ["collectstatic", "--noinput", "--verbosity", "0"],
        ["createsuperuser", "--noinput", "--username=ada", "--email="],
        ["membership", "grant", "ada", "owner", "--dataset", "small-cell"],
        CISTERNA_ROOT_DATA=(home / "data").as_uri(),
        DJANGO_SUPERUSER_PASSWORD="long and odd",
    )
    return home


@pytest.fixture(params=["datasets.serving.protocol:DataPlaneProtocol", "httptools"])
def portal(request: pytest.FixtureRequest, home: Path) -> Iterator[PrivatePortal]:
    port = free_port()
    portal = PrivatePortal(url=f"http://127.0.0.1:{port}", home=home)
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(port), request.param],
            cwd=CHECKOUT, stdout=log, stderr=subprocess.STDOUT, env=environment(home),
        )  # fmt: skip
        try:
            wait_until_ready(portal, process)
            yield portal
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def test_no_token_is_written_anywhere(portal: PrivatePortal) -> None:
    made = manage(portal.home, ["token", "create", "ada"], ["share", "create", "small-cell"])
    bearer, s3_secret = re.findall(r"cst_\S+", made)[0], re.findall(r"S3 secret access key +(\S+)", made)[0]
    share = re.findall(r"/r/([^/]+)/", made)[0]
    wrong = f"wrong-{share[::-1]}"
    requests = []
    for token in (share, wrong):
        paths = (
            f"/r/{token}/",
            f"/r/{token}",
            f"/data/~{token}/small-cell@1/em/zarr.json",
            f"/data/~{token}/small-cell@1/nothing",
            f"/data/~{token}/no-such-cell@1/",
            f"/data/~{token}/small-cell@1/../x",
            f"/data/%7E{token}/small-cell@1/em/",
            f"/account/sign-in/?next=/r/{token}/",
            f"/nowhere/r/{token}/",
        )
        requests += [(path, {"Accept": "text/html"}) for path in paths]
        cookie = {"Cookie": f"share-small-cell={token}; sessionid={token}"}
        requests += [(path, cookie) for path in ("/datasets/small-cell/", "/nowhere/", KEY)]
    for token in (bearer, f"{bearer}x"):
        credentials = {"Authorization": f"Bearer {token}"}
        requests += [(path, credentials) for path in ("/api/v1/datasets/small-cell/", "/api/v1/nowhere/", KEY)]
    with httpx.Client(base_url=portal.url) as client:
        statuses = {client.get(path, headers=headers).status_code for path, headers in requests}
        # The storage fails: the error is logged with what led to it.
        (portal.home / "data").rename(portal.home / "elsewhere")
        assert until(10, client, f"/data/~{share}/small-cell@1/em/nothing", 503)
        (portal.home / "elsewhere").rename(portal.home / "data")
    assert {200, 302, 401, 404} <= statuses

    secrets = [share, wrong, bearer, bearer.split("_", 2)[2], s3_secret]
    log = (portal.home / "server.log").read_text()
    assert "/r/***" in log  # entries of the access log, masked
    assert "Unauthorized" in log
    for file in portal.home.rglob("*"):  # the log, the database, and whatever else was written
        if file.is_file():
            content = file.read_bytes()
            assert [secret for secret in secrets if secret.encode() in content] == [], file
