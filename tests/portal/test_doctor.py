"""The doctor: each thing is broken for real, and named with its fix."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from datasets.catalogue.row_rules import release_rules
from datasets.storage.roots import OWN_ROOT, Root, configure_roots
from portal.config import Config, unknown_variables
from portal.doctor import Finding, Verdict, build, database, machine, site, storage
from tests.journeys.conftest import CHECKOUT
from tests.ports import free_port
from tests.s3_server import KEY, REGION, SECRET, S3Server


def of(findings: Iterator[Finding] | list[Finding], verdict: Verdict = Verdict.WRONG) -> list[Finding]:
    found = [finding for finding in findings if finding.verdict is verdict]
    assert all(finding.fix and "\n" not in finding.fix for finding in found if verdict is not Verdict.OK)
    return found


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config.from_env({"CISTERNA_HOME": str(tmp_path)})


def test_a_root_that_is_gone_and_one_that_nobody_answers_at(data_root: Path) -> None:
    assert storage.check_root_answers(Root(name="data", url=data_root.as_uri())).verdict is Verdict.OK
    roots = [
        Root(name="gone", url=(data_root / "nowhere").as_uri()),
        Root(name="far", url="s3://cells", endpoint=f"http://127.0.0.1:{free_port()}", key="k", secret="s"),
        Root(name=OWN_ROOT, url=(data_root.parent / "own").as_uri()),
    ]
    configure_roots(roots)
    for root in roots[:2]:
        (finding,) = of([storage.check_root_answers(root)])
        assert finding.check == f"root:{root.name}"
        assert finding.what


def test_wrong_credentials_and_a_bucket_that_is_not_there(data_root: Path, s3_server: S3Server, s3: Any) -> None:
    s3.create_bucket(Bucket="doctors")
    right = Root(name="lab", url="s3://doctors", endpoint=s3_server.endpoint, region=REGION, key=KEY, secret=SECRET)
    configure_roots([right])
    assert storage.check_root_answers(right).verdict is Verdict.OK
    for wrong in (replace(right, secret="mistyped"), replace(right, url="s3://no-such-bucket")):
        configure_roots([wrong])
        (finding,) = of([storage.check_root_answers(wrong)])
        assert "mistyped" not in finding.what


def test_an_own_root_that_takes_no_data(data_root: Path) -> None:
    assert of(storage.check_own_root_takes_data()) == []
    shutil.rmtree(data_root.parent / "own" / "doctor")
    (data_root.parent / "own" / "doctor").write_text("a file where a folder should be")
    (finding,) = of(storage.check_own_root_takes_data())
    assert (finding.check, "Writing failed" in finding.what) == ("root:own", True)


@pytest.mark.django_db
class TestDatabase:
    @pytest.fixture(autouse=True)
    def current(self, config: Config) -> None:
        self.config = replace(config, database=replace(config.database, vendor="postgresql"))  # what is connected to

    def findings(self) -> list[Finding]:
        return list(database.check_database(self.config))

    def test_all_is_well(self) -> None:
        assert [finding.verdict for finding in self.findings()] == [Verdict.OK]

    def test_there_is_none_yet(self, config: Config, tmp_path: Path) -> None:
        (finding,) = of(database.check_database(config))
        assert finding.fix == "manage.py migrate"
        assert not (tmp_path / "cisterna.sqlite3").exists()  # looking makes none

    def test_a_migration_is_missing(self) -> None:
        loader = MigrationExecutor(connection).loader
        ((_, newest),) = loader.graph.leaf_nodes("catalogue")
        for app, name in (("catalogue", newest), *loader.disk_migrations["catalogue", newest].replaces):
            MigrationRecorder(connection).record_unapplied(app, name)
        (finding,) = of(self.findings())
        assert f"catalogue.{newest}" in finding.what

    def test_it_is_newer_than_the_program(self) -> None:
        MigrationRecorder(connection).record_applied("catalogue", "9999_from_the_future")
        (finding,) = of(self.findings())
        assert "catalogue.9999_from_the_future" in finding.what

    def test_frozen_rows_are_not_held(self) -> None:
        release_rules("default")
        (finding,) = of(self.findings())
        assert "triggers are missing" in finding.what


def test_a_database_file_that_others_can_read(config: Config, tmp_path: Path) -> None:
    file = Path(config.database.name)
    file.touch(mode=0o644)
    closed = [tmp_path, *tmp_path.parents]  # pytest's folders are closed to others
    for folder in closed[: closed.index(Path(tempfile.gettempdir()))]:
        folder.chmod(0o755)
    assert of(site.check_privacy(config), Verdict.ADVICE)
    tmp_path.chmod(0o700)
    assert not of(site.check_privacy(config), Verdict.ADVICE)


def test_a_key_that_others_can_read_or_guess(config: Config, tmp_path: Path) -> None:
    assert of(site.check_secret_key(config)) == []
    key = tmp_path / "secret-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.chmod(0o640)
    (finding,) = of(site.check_secret_key(config))
    assert finding.fix == f"chmod 600 {key}"
    assert of(site.check_secret_key(replace(config, secret_key="cells")))


@pytest.mark.parametrize(
    ("settings", "verdict", "words"),
    [
        ({}, Verdict.OK, "http://127.0.0.1:8000"),
        ({"public_url": "https://cells.example", "hosts": ("cells.example",)}, Verdict.OK, "https://cells.example"),
        ({"public_url": "https://cells.example"}, Verdict.WRONG, "does not answer to the host"),
        ({"public_url": "http://cells.example", "hosts": ("cells.example",)}, Verdict.ADVICE, "unprotected"),
        ({"bind": "0.0.0.0"}, Verdict.ADVICE, "does not say how people reach it"),
        ({"hosts": ("*",)}, Verdict.ADVICE, "every host name"),
        ({"debug": True}, Verdict.ADVICE, "debug"),
        ({"debug": True, "bind": "0.0.0.0"}, Verdict.WRONG, "debug"),
    ],
)
def test_addresses_that_do_not_fit_each_other(
    config: Config, settings: dict[str, Any], verdict: Verdict, words: str
) -> None:
    found = of(site.check_addresses(replace(config, **settings)), verdict)
    assert any(words in finding.what for finding in found)


def test_a_mistyped_variable_is_named_with_the_nearest() -> None:
    environ = {"CISTERNA_HOST": "x", "CISTERNA_ROOT_LAB": "file:///x", "CISTERNA_ROOT_LAB_KEY": "k", "PATH": ""}
    assert unknown_variables(environ) == [("CISTERNA_HOST", "CISTERNA_HOSTS")]


class TestBuild:
    @pytest.fixture(autouse=True)
    def built(self, tmp_path: Path, settings: Any) -> None:
        """A frontend as a build leaves it, with every entry that the templates ask for."""
        self.dist = settings.FRONTEND_DIST = tmp_path / "dist"
        (self.dist / ".vite").mkdir(parents=True)
        self.manifest = {
            entry: {"file": f"assets/{index}.js", "css": [f"assets/{index}.css"]}
            for index, entry in enumerate(sorted(build._entries_of_templates()))
        }
        assert {"src/site.ts", "src/viewer.ts"} <= set(self.manifest)
        (self.dist / "assets").mkdir()
        for chunk in self.manifest.values():
            for file in (chunk["file"], *chunk["css"]):
                (self.dist / file).write_text("built")
        self.write()

    def write(self) -> None:
        (self.dist / ".vite" / "manifest.json").write_text(json.dumps(self.manifest))

    def test_whole(self) -> None:
        assert of(build.check_frontend()) == []

    def test_none(self) -> None:
        shutil.rmtree(self.dist)
        (finding,) = of(build.check_frontend())
        assert finding.fix == "make install"

    def test_half_written(self) -> None:
        (self.dist / ".vite" / "manifest.json").write_text("{")
        assert "cannot be read" in of(build.check_frontend())[0].what

    def test_older_than_the_pages(self) -> None:
        del self.manifest["src/site.ts"]
        self.write()
        assert "src/site.ts" in of(build.check_frontend())[0].what

    def test_a_file_is_gone(self) -> None:
        lost = self.manifest["src/viewer.ts"]["css"][0]
        (self.dist / str(lost)).unlink()
        assert str(lost) in of(build.check_frontend())[0].what

    def test_static_files(self, settings: Any, tmp_path: Path) -> None:
        settings.STATIC_ROOT = tmp_path / "collected"
        (finding,) = of(build.check_static_files())
        assert "collectstatic" in finding.fix
        call_command("collectstatic", interactive=False, verbosity=0)
        assert of(build.check_static_files()) == []
        (tmp_path / "collected" / "portal" / "cuts.css").write_text("an older one")
        (finding,) = of(build.check_static_files())
        assert "portal/cuts.css" in finding.what


def test_no_room_left(config: Config, data_root: Path) -> None:
    assert of(machine.check_space(config, least_bytes=0, few_bytes=0)) == []
    assert of(machine.check_space(config, least_bytes=1 << 60))
    assert of(machine.check_space(config, least_bytes=0, few_bytes=1 << 60), Verdict.ADVICE)


@pytest.mark.parametrize("script", ["echo v18.20.0", "echo nonsense", "exit 1"])
def test_a_node_that_cannot_build(tmp_path: Path, script: str) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\n{script}\n")
    node.chmod(0o755)
    assert machine._check_node(str(node)).verdict is Verdict.ADVICE
    assert machine._check_node(None).verdict is Verdict.ADVICE
    node.write_text("#!/bin/sh\necho v22.12.0\n")
    assert machine._check_node(str(node)).verdict is Verdict.OK


def doctor(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CISTERNA_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "manage.py", "doctor", *arguments],
        cwd=CHECKOUT, env=inherited | {"CISTERNA_HOME": str(home)} | environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_command_tells_all_and_its_exit_code_says_whether_something_is_wrong(tmp_path: Path) -> None:
    done = doctor(tmp_path, CISTERNA_ROOT_LAB=(tmp_path / "nowhere").as_uri(), CISTERNA_HOST="x")
    assert done.returncode == 1, done.stderr
    assert "wrong   database: There is no" in done.stdout
    assert "wrong   root:lab:" in done.stdout
    assert "Did you mean CISTERNA_HOSTS?" in done.stdout
    document = json.loads(doctor(tmp_path, "--json").stdout)
    assert document["ok"] is False
    assert {"check", "verdict", "what", "fix"} == set(document["findings"][0])


def test_a_configuration_that_cannot_be_used_is_a_finding_too(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--json", CISTERNA_PUBLIC_URL="cells")
    assert (done.returncode, done.stderr) == (1, "")
    (finding,) = json.loads(done.stdout)["findings"]
    assert "CISTERNA_PUBLIC_URL" in finding["what"]
    assert finding["fix"]


@pytest.mark.django_db
def test_readiness_shares_the_checks_and_tells_no_details(client: Client, data_root: Path) -> None:
    assert client.get("/health/ready").json() == {
        "status": "ok",
        "checks": {"database": "ok", "root:data": "ok", "root:own": "ok", "audits": "ok"},
    }
    data_root.rmdir()
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["checks"]["database"] == "ok"
    assert response.json()["checks"]["root:data"] != "ok"
    assert str(data_root) not in response.content.decode()
