"""Members of a private dataset, at a portal as its operator starts it, with two server processes."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.journeys.conftest import CHECKOUT, Portal, begin_home, manage, wait_until_ready
from tests.ports import free_port
from tests.samples import specification, write_container

FRESH = {"Connection": "close"}  # each request may meet another process
KEY = "/data/small-cell@1/em/zarr.json"


class PrivatePortal(Portal):
    """A portal with one private dataset, ``small-cell``."""

    @property
    def url_as_configured(self) -> str:
        """What commands take for the site's address: they are not told the port."""
        return "http://127.0.0.1:8000"

    def manage(self, *arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=CHECKOUT, env=environment(self.home), check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip

    @contextlib.contextmanager
    def signed_in(self, name: str) -> Iterator[httpx.Client]:
        """A client that has signed in through the page, as a browser does."""
        with httpx.Client(base_url=self.url, timeout=20) as client:
            self._sign_in(client, name)
            yield client

    def _sign_in(self, client: httpx.Client, name: str) -> None:
        page = client.get("/account/sign-in/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token
        form = {"csrfmiddlewaretoken": token[1], "username": name, "password": f"secret-{name}", "next": "/account/"}
        answer = client.post("/account/sign-in/", data=form)
        assert (answer.status_code, answer.headers["location"]) == (302, "/account/")


def environment(home: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CISTERNA_", "DJANGO_"))}
    return inherited | {"CISTERNA_HOME": str(home), "CISTERNA_ROOT_DATA": (home / "data").as_uri()}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePortal]:
    home, port = tmp_path_factory.mktemp("private"), free_port()
    portal = PrivatePortal(url=f"http://127.0.0.1:{port}", home=home)
    begin_home(home, tmp_path_factory)
    write_container(home / "data" / "small.zarr")
    (home / "spec.toml").write_text(as_toml(specification("data:small.zarr", visibility="private")))
    code = "from portal.accounts.models import User\nfor name in ('ada', 'eve', 'ivy'):\n"
    code += "    User.objects.create_user(name, password=f'secret-{name}')"
    manage(
        home,
        ["publish", str(home / "spec.toml")],
        ["shell", "--no-imports", "-c", code],
        ["membership", "grant", "eve", "owner", "--dataset", "small-cell"],
        ["membership", "grant", "ivy", "viewer", "--dataset", "small-cell"],
        CISTERNA_ROOT_DATA=environment(home)["CISTERNA_ROOT_DATA"],
    )
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=CHECKOUT, stdout=log, stderr=subprocess.STDOUT,
            env=environment(home) | {"PORT": str(port), "CISTERNA_PROCESSES": "2", "CISTERNA_WORKERS": "0"},
        )  # fmt: skip
        try:
            wait_until_ready(portal, process)
            yield portal
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def as_toml(specification: dict[str, object]) -> str:
    """Plain data as TOML: inline values only, checked by reading them back."""

    def value(item: object) -> str:
        if isinstance(item, dict):
            return "{" + ", ".join(f"{key} = {value(each)}" for key, each in item.items()) + "}"
        if isinstance(item, list):
            return "[" + ", ".join(value(each) for each in item) + "]"
        return f'"{item}"' if isinstance(item, str) else str(item)

    text = "\n".join(f"{key} = {value(item)}" for key, item in specification.items())
    assert tomllib.loads(text) == specification
    return text


def until(seconds: float, client: httpx.Client, path: str, status: int) -> bool:
    """Whether, within ``seconds``, every process answers ``status``: 12 answers in a row, on new connections."""
    deadline, row = time.monotonic() + seconds, 0
    while time.monotonic() < deadline and row < 12:
        answer = client.get(path, headers=FRESH)
        row = row + 1 if answer.status_code == status else 0
    return row == 12


def test_a_member_sees_the_data_with_their_session_until_the_membership_ends(portal: PrivatePortal) -> None:
    with portal.signed_in("ada") as member, httpx.Client(base_url=portal.url) as stranger:
        _be_a_member(portal, member, stranger)


def _be_a_member(portal: PrivatePortal, member: httpx.Client, stranger: httpx.Client) -> None:
    assert member.get(KEY).status_code == 404
    assert portal.manage("membership", "grant", "ada", "viewer", "--dataset", "small-cell") == (
        "ada: viewer of small-cell\n"
    )
    assert until(5, member, KEY, 200)
    answer = member.get(KEY)
    assert answer.json()["zarr_format"] == 3
    assert answer.headers["cache-control"] == "private, no-store"
    assert member.get("/data/small-cell@1/").status_code == 200
    assert member.get("/datasets/small-cell/").status_code == 200
    assert "A small cell" in member.get("/").text
    for path in (KEY, "/data/small-cell@1/", "/datasets/small-cell/"):
        assert stranger.get(path).status_code == 404
    assert "A small cell" not in stranger.get("/").text

    portal.manage("membership", "revoke", "ada", "--dataset", "small-cell")
    time.sleep(2)
    assert {member.get(KEY, headers=FRESH).status_code for _ in range(12)} == {404}
    assert member.get("/datasets/small-cell/").status_code == 404


def test_another_origin_gets_nothing_with_a_members_cookie(portal: PrivatePortal) -> None:
    with portal.signed_in("eve") as member:
        assert member.get(KEY).status_code == 200
        assert member.get(KEY, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}):
            answer = member.get(KEY, headers=headers)
            assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (404, "*")
    (session,) = [cookie for cookie in member.cookies.jar if cookie.name == "sessionid"]
    assert session.has_nonstandard_attr("HttpOnly")
    assert session.get_nonstandard_attr("SameSite") == "Lax"


def test_visibility_and_tokens_are_obeyed_by_every_process_when_the_command_ends(portal: PrivatePortal) -> None:
    root = environment(portal.home)["CISTERNA_ROOT_DATA"]
    shown = manage(portal.home, ["share", "create", "small-cell"], ["token", "create", "ivy"], CISTERNA_ROOT_DATA=root)
    link, data = re.findall(r"http\S+", shown)[:2]
    path = data.removeprefix(portal.url_as_configured).replace("<version>/…", "1/em/zarr.json")
    bearer = re.findall(r"cst_\S+", shown)[0]
    with httpx.Client(base_url=portal.url) as holder, httpx.Client(base_url=portal.url) as reviewer:
        headers = {"Authorization": f"Bearer {bearer}"}
        assert until(5, holder, path, 200)
        assert holder.get(KEY, headers=headers).status_code == 200
        entered = reviewer.get(link.removeprefix(portal.url_as_configured))
        assert (entered.status_code, entered.headers["location"]) == (302, "/datasets/small-cell/")
        assert reviewer.get(KEY).status_code == 200
        assert reviewer.get("/datasets/small-cell/").status_code == 200

        assert portal.manage("visibility", "small-cell", "public") == "small-cell is public\n"
        assert {holder.get(KEY, headers=FRESH).status_code for _ in range(12)} == {200}
        assert portal.manage("visibility", "small-cell", "private").splitlines()[-1] == "small-cell is private"
        assert {holder.get(KEY, headers=FRESH).status_code for _ in range(12)} == {404}

        share = re.findall(r"share (\d+):", shown)[0]
        revocations = ["share", "revoke", share], ["token", "revoke", bearer.split("_")[1]]
        manage(portal.home, *revocations, CISTERNA_ROOT_DATA=root)
        time.sleep(2)
        assert {holder.get(path, headers=FRESH).status_code for _ in range(12)} == {401}
        assert {holder.get(KEY, headers=headers | FRESH).status_code for _ in range(12)} == {401}
        assert {reviewer.get(KEY, headers=FRESH).status_code for _ in range(12)} == {404}
        assert reviewer.get(link.removeprefix(portal.url_as_configured)).status_code == 401


def test_a_token_that_nobody_gave_out_is_refused(portal: PrivatePortal) -> None:
    for path in (KEY, "/data/no-such-cell@1/zarr.json"):
        answer = httpx.get(portal.url + path, headers={"Authorization": "Bearer nonsense"})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert httpx.get(f"{portal.url}/data/~nonsense/small-cell@1/em/zarr.json").status_code == 401
