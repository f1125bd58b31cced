"""What holds for the repository as a whole, whatever file is added to it."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PROBLEMS = CHECKOUT / "docs" / "problems"
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:work|root|home|Users)/\w")
DOWNLOAD_HOST = re.compile(
    r'^\s*"resolved"|--(?:extra-)?index-url|--find-links|@ https?:|^\s*registry *=', re.MULTILINE
)
LONGEST_FILE_LINES = 400
LARGEST_FILE_BYTES = 2_000_000


@cache
def repository_files() -> tuple[Path, ...]:
    """Every file git knows or would add."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT, capture_output=True, check=True,
    )  # fmt: skip
    names = (name for name in listing.stdout.decode().split("\0") if name)
    return tuple(path for name in sorted(names) if (path := CHECKOUT / name).is_file())


def lines(path: Path) -> list[str]:
    """The lines of a text file; none where it is not text."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []


def test_no_path_of_one_machine() -> None:
    found = [
        f"{path.relative_to(CHECKOUT)}:{number}: {line.strip()[:100]}"
        for path in repository_files()
        for number, line in enumerate(lines(path), 1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


def test_no_download_host_in_a_lock_file() -> None:
    locks = [
        path
        for path in repository_files()
        if path.name in ("package-lock.json", ".npmrc") or re.fullmatch(r"requirements.*\.txt|.*\.lock", path.name)
    ]
    assert {"requirements.txt", "requirements-dev.txt", "requirements-node.txt", "package-lock.json"} <= {
        path.name for path in locks
    }
    named = [
        f"{path.relative_to(CHECKOUT)}: {found[0].strip()}"
        for path in locks
        for found in DOWNLOAD_HOST.finditer(path.read_text())
    ]
    assert named == []


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "requirements-node.txt", "requirements-bench.txt"]
)
def test_every_requirement_is_pinned_by_hash(name: str) -> None:
    requirements = re.split(r"\n(?=\S)", (CHECKOUT / name).read_text().strip())
    assert [text for text in requirements if not re.match(r"\S+==\S+[^\n]*\\\n +--hash=sha256:", text)] == []


def test_every_npm_package_is_pinned_by_hash() -> None:
    lock = (CHECKOUT / "frontend" / "package-lock.json").read_text()
    assert lock.count('"integrity"') >= lock.count('"node_modules/') - lock.count('"link": true') > 0


def test_both_sides_speak_the_same_neuroglancer() -> None:
    """States are made by the Python package and read by the npm one."""
    python = re.search(r"^neuroglancer==(\S+)", (CHECKOUT / "requirements.txt").read_text(), re.MULTILINE)
    npm = re.search(r'"neuroglancer": "([^"]+)"', (CHECKOUT / "frontend" / "package.json").read_text())
    assert python
    assert npm
    assert python[1] == npm[1]


def test_no_file_needs_a_table_of_contents() -> None:
    sources = {".py", ".ts", ".css", ".html", ".js"}
    long = {
        str(path.relative_to(CHECKOUT)): len(lines(path))
        for path in repository_files()
        if path.suffix in sources and path.parent.name != "migrations" and len(lines(path)) > LONGEST_FILE_LINES
    }
    assert long == {}


def test_no_large_file_outside_the_sample() -> None:
    large = [
        str(path.relative_to(CHECKOUT))
        for path in repository_files()
        if path.stat().st_size > LARGEST_FILE_BYTES and CHECKOUT / "deploy" / "demo" not in path.parents
    ]
    assert large == []


def named_errors() -> dict[str, str]:
    """The slug of every class that sets one, in portal and datasets, and of nginx's own errors, and where it stands."""
    slugs: dict[str, str] = {}
    for path in sorted((CHECKOUT / "deploy" / "nginx").glob("*.conf")):
        for slug in re.findall(r'"type": "/problems/([a-z0-9-]+)/"', path.read_text()):
            slugs[slug] = str(path.relative_to(CHECKOUT))
    for folder in ("portal", "datasets"):
        for path in sorted((CHECKOUT / folder).rglob("*.py")):
            for cls in ast.walk(ast.parse(path.read_text())):
                if not isinstance(cls, ast.ClassDef):
                    continue
                for statement in cls.body:
                    match statement:
                        case (
                            ast.Assign(targets=[ast.Name(id="slug")], value=ast.Constant(value=str(slug)))
                            | ast.AnnAssign(target=ast.Name(id="slug"), value=ast.Constant(value=str(slug)))
                        ):
                            slugs[slug] = f"{path.relative_to(CHECKOUT)}:{statement.lineno}"
                        case _:
                            pass
    return slugs


def texts() -> set[str]:
    """Every text constant in datasets: among them the ids of what inspection finds."""
    trees = [ast.parse(path.read_text()) for path in (CHECKOUT / "datasets").rglob("*.py")]
    return {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_named_error_has_a_page_and_every_page_an_error_or_a_finding() -> None:
    slugs = named_errors()
    pages = {path.stem for path in PROBLEMS.glob("*.md")}
    assert slugs
    assert {slug: place for slug, place in slugs.items() if slug not in pages} == {}, "errors without a page"
    assert sorted(pages - slugs.keys() - texts()) == [], "pages without an error"


@pytest.mark.parametrize("page", sorted(PROBLEMS.glob("*.md")), ids=lambda page: page.stem)
def test_a_problem_page_gives_cause_and_fix(page: Path) -> None:
    headings = [line for line in lines(page) if line.startswith("#")]
    assert headings[0].startswith("# ")
    assert headings[1:] == ["## Cause", "## Fix"]
    for heading in headings[1:]:
        after = page.read_text().split(heading, 1)[1].split("\n## ")[0]
        assert after.strip(), f"{heading} is empty"
