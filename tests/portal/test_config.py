"""The configuration: read once, typed, refused by name, and documented."""

import re
from pathlib import Path

import pytest

from portal.config import Config, ConfigurationInvalid, documented_settings

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"


def _read(tmp_path: Path, **variables: str) -> Config:
    return Config.from_env({"CISTERNA_HOME": str(tmp_path), **variables})


def test_nothing_has_to_be_set(tmp_path: Path) -> None:
    config = _read(tmp_path)
    assert (config.port, config.debug, config.hosts) == (8000, False, ("localhost", "127.0.0.1", "[::1]"))
    assert [(root.name, root.path) for root in config.roots] == [("own", tmp_path / "own")]


def test_the_secret_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first, second = _read(tmp_path), _read(tmp_path)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 50
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", ("sqlite", "HOME/cisterna.sqlite3", "", "", "", None)),
        ("sqlite:////srv/cells.db", ("sqlite", "/srv/cells.db", "", "", "", None)),
        ("postgresql://ada:p%40ss@db.example:5433/cells", ("postgresql", "cells", "ada", "p@ss", "db.example", 5433)),
        ("postgres:///cells", ("postgresql", "cells", "", "", "", None)),
        ("postgresql://ada@%2Frun%2Fpostgresql/cells", ("postgresql", "cells", "ada", "", "/run/postgresql", None)),
    ],
)  # fmt: skip
def test_the_database_is_one_address(tmp_path: Path, url: str, expected: tuple[object, ...]) -> None:
    database = _read(tmp_path, CISTERNA_DATABASE=url).database
    name = database.name.replace(str(tmp_path), "HOME")
    assert (database.vendor, name, database.user, database.password, database.host, database.port) == expected


@pytest.mark.parametrize("url", ["mysql://ada:secret@db/cells", "postgresql://ada:secret@db:port/cells", "cells.db"])
def test_an_address_of_no_database_is_refused_without_repeating_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationInvalid, match="CISTERNA_DATABASE") as refused:
        _read(tmp_path, CISTERNA_DATABASE=url)
    assert "secret" not in str(refused.value)


def test_origins_are_written_as_browsers_write_them(tmp_path: Path) -> None:
    origins = "https://Cells.Example.org, http://[0:0::1]:80/,https://host:8443"
    config = _read(tmp_path, CISTERNA_EXTERNAL_ORIGINS=origins)
    assert config.external_origins == ("https://cells.example.org", "http://[::1]", "https://host:8443")


@pytest.mark.parametrize(
    "origin",
    ["cells.example.org", "https://host/path", "https://ada@host", "s3://bucket", "https://host:x", "https://", "*",
     "https://host?a", "https://host;script-src", "https://[::x]"],
)  # fmt: skip
def test_what_is_no_origin_is_refused(tmp_path: Path, origin: str) -> None:
    with pytest.raises(ConfigurationInvalid, match="CISTERNA_EXTERNAL_ORIGINS"):
        _read(tmp_path, CISTERNA_EXTERNAL_ORIGINS=origin)


def test_no_password_is_shown(tmp_path: Path) -> None:
    assert "secret" not in repr(_read(tmp_path, CISTERNA_DATABASE="postgresql://ada:secret@db/cells"))


def test_a_root_has_its_options(tmp_path: Path) -> None:
    config = _read(
        tmp_path,
        CISTERNA_ROOT_CELLS="s3://cells/public/",
        CISTERNA_ROOT_CELLS_ENDPOINT="http://127.0.0.1:9000",
        CISTERNA_ROOT_CELLS_ANONYMOUS="1",
        CISTERNA_ROOT_CELLS_KEY="key",
        CISTERNA_ROOT_CELLS_SECRET="hidden",
    )
    cells = next(root for root in config.roots if root.name == "cells")
    assert (cells.url, cells.endpoint, cells.anonymous, cells.path) == (
        "s3://cells/public",
        "http://127.0.0.1:9000",
        True,
        None,
    )
    assert "hidden" not in repr(config)


@pytest.mark.parametrize(
    ("redirect", "address"),
    [
        ("", ""),
        ("0", ""),
        ("1", "http://127.0.0.1:9000/cells"),
        ("https://objects.example.org/cells/", "https://objects.example.org/cells"),
        ("https://cells.example.org", "https://cells.example.org"),
    ],
)
def test_clients_are_sent_where_they_reach_the_bucket(tmp_path: Path, redirect: str, address: str) -> None:
    config = _read(
        tmp_path,
        CISTERNA_ROOT_CELLS="s3://cells/public",
        CISTERNA_ROOT_CELLS_ENDPOINT="http://127.0.0.1:9000",
        CISTERNA_ROOT_CELLS_ANONYMOUS="1",
        CISTERNA_ROOT_CELLS_REDIRECT=redirect,
    )
    assert next(root for root in config.roots if root.name == "cells").redirect == address
    assert config.redirect_origins == (["/".join(address.split("/")[:3])] if address else [])


@pytest.mark.parametrize(
    "variables",
    [
        {"": "s3://cells", "_REDIRECT": "1", "_ANONYMOUS": "1"},  # Amazon's own, whose address is not known
        {"": "s3://cells", "_REDIRECT": "https://cells.example.org"},  # nothing to sign with
        {"": "s3://cells", "_REDIRECT": "cells.example.org", "_ANONYMOUS": "1"},
        {"": "file:///cells", "_REDIRECT": "https://cells.example.org", "_ANONYMOUS": "1"},
    ],
)
def test_a_redirect_that_leads_nowhere_is_refused(tmp_path: Path, variables: dict[str, str]) -> None:
    with pytest.raises(ConfigurationInvalid, match="CISTERNA_ROOT_CELLS_REDIRECT"):
        _read(tmp_path, **{f"CISTERNA_ROOT_CELLS{name}": value for name, value in variables.items()})


def test_viewers_are_added_changed_and_taken_away(tmp_path: Path) -> None:
    built_in = _read(tmp_path).viewers
    assert [viewer.name for viewer in built_in] == ["vizarr"]
    assert _read(tmp_path, CISTERNA_OPEN_WITH_VIZARR="").viewers == ()
    mine, changed = _read(
        tmp_path,
        CISTERNA_OPEN_WITH_VIZARR="https://viz.example/?source={url}",
        CISTERNA_OPEN_WITH_LAB_VIEWER="https://lab.example/#{url}",
        CISTERNA_OPEN_WITH_LAB_VIEWER_KINDS="labels",
        CISTERNA_OPEN_WITH_LAB_VIEWER_FORMATS="zarr3",
    ).viewers
    assert (changed.name, changed.template, changed.formats) == (
        "vizarr",
        "https://viz.example/?source={url}",
        ("zarr2", "zarr3"),
    )
    assert (mine.name, mine.kinds, mine.formats) == ("Lab Viewer", ("labels",), ("zarr3",))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CISTERNA_OPEN_WITH_MINE", "https://viewer.example/"),
        ("CISTERNA_OPEN_WITH_MINE", "{url}"),
        ("CISTERNA_OPEN_WITH_VIZARR_FORMATS", "n5"),
        ("CISTERNA_OPEN_WITH_VIZARR_KINDS", "meshes"),
        ("CISTERNA_OPEN_WITH_OTHER_TITLE", "No address"),
        ("CISTERNA_NEUROGLANCER_URL", "neuroglancer.example"),
        ("CISTERNA_NEUROGLANCER_URL", "https://neuroglancer.example/#!{}"),
        ("CISTERNA_CONTACT", "help at example.org"),
        ("CISTERNA_CONTACT", "javascript:alert(1)"),
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("CISTERNA_PROCESSES", "0"),
        ("CISTERNA_DEBUG", "perhaps"),
        ("CISTERNA_PUBLIC_URL", "cells.example.org"),
        ("CISTERNA_PUBLIC_URL", "https://cells.example.org/portal"),
        ("CISTERNA_ROOT_CELLS", "/data/cells"),
        ("CISTERNA_ROOT_CELLS", "ftp://cells"),
        ("CISTERNA_ROOT_CELLS", "s3://"),
        ("CISTERNA_ROOT_CELLS", "s3://cells/a/../b"),
        ("CISTERNA_ROOT_CELLS", "s3://cells//b"),
        ("CISTERNA_ROOT_cells", "file:///data"),
        ("CISTERNA_ROOT_CELLS_REGION", "somewhere"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_variable(tmp_path: Path, variable: str, value: str) -> None:
    with pytest.raises(ConfigurationInvalid) as refused:
        _read(tmp_path, **{variable: value})
    assert variable.removesuffix("_REGION") in str(refused.value)


def test_the_secret_key_is_not_shown(tmp_path: Path) -> None:
    assert "unguessable" not in repr(_read(tmp_path, CISTERNA_SECRET_KEY="unguessable"))


def test_every_setting_is_documented_as_it_is() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_<>]+)` \| (.*) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    settings = documented_settings()
    assert list(rows) == [variable for variable, _, _ in settings]
    for variable, default, description in settings:
        if description:
            documented_default, _, documented = rows[variable].partition("| ")
            assert documented == description
            assert documented_default.replace("`", "").strip() == default
