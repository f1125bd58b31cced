"""Images written by other software and judged by their authors: what inspection says of every one of them.

docs/conformance.md argues the rows on which we differ; it is held to be exactly those.
"""

import contextlib
import json
import re
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.core.management import call_command

from datasets.storage.roots import Root, configure_roots

pytestmark = pytest.mark.shared_data

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"

# The key of a document that is no image → how it is refused by name.
REFUSED = {
    "plate": "plate-not-publishable",
    "well": "well-not-publishable",
    "labels": "labels-not-image",
    "series": "collection-not-image",
    "bioformats2raw.layout": "collection-not-image",
    "scene": "scene-not-publishable",
    "coordinateSystems": "scene-not-publishable",
    "coordinateTransformations": "scene-not-publishable",
    "image-label": "label-without-image",
}
# Documents that are no metadata of any group: the inside of a plate, and of a transformation.
WITHOUT_METADATA = {
    "ome-zarr-models/v04/plate_example_1.json",
    "ngff-spec/0.6-dev/examples/transformations/bijection_verbose.json",
}


class Row(NamedTuple):
    """One line of EXPECTED.tsv, the attributes it is about, and what ``inspect --json`` says of them."""

    fixture: str
    verdict: str
    kind: str
    declared: str
    attributes: dict[str, Any]
    found: dict[str, Any]

    @property
    def errors(self) -> set[str]:
        return {problem["id"] for problem in self.found["problems"] if problem["severity"] == "error"}

    @property
    def body(self) -> dict[str, Any]:
        ome = self.attributes.get("ome")
        return ome if isinstance(ome, dict) else self.attributes

    @property
    def is_judged(self) -> bool:
        return self.declared in ("0.4", "0.5") and "multiscales" in self.body

    @property
    def theirs(self) -> str:
        return self.verdict.removesuffix("-with-warning")

    @property
    def ours(self) -> str:
        return {True: "valid", False: "invalid", None: "not judged"}[self.found["conformant"]]


def read_json(path: Path) -> Any:
    """The examples of the specification carry // comments."""
    return json.loads(re.sub(r"(?m)(^|(?<=[\s,{}\[\]]))//.*$", "", path.read_text()))


def read_attributes(folder: Path, fixture: str, kind: str) -> dict[str, Any]:
    """The attributes of a row: of a group, of a file of attributes, or of the n-th case of a suite (``path#n``)."""
    match kind:
        case "suite-case":
            path, number = fixture.split("#")
            return read_json(folder / path)["tests"][int(number)]["data"]
        case "zarr-v2-group":
            return read_json(folder / fixture / ".zattrs")
        case "zarr-v3-group":
            return read_json(folder / fixture / "zarr.json")["attributes"]
        case "json":
            document = read_json(folder / fixture)
            return document.get("attributes", document)
    return {}


def write_group(folder: Path, attributes: dict[str, Any]) -> None:
    """A group of nothing but these attributes, in the Zarr format of their version."""
    folder.mkdir()
    if "ome" in attributes:
        group = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
        (folder / "zarr.json").write_text(json.dumps(group))
    else:
        (folder / ".zgroup").write_text('{"zarr_format": 2}')
        (folder / ".zattrs").write_text(json.dumps(attributes))


def inspect_as_json(address: str) -> dict[str, Any]:
    out = StringIO()
    with contextlib.suppress(SystemExit):  # it could not be published
        call_command("inspect", address, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture(scope="module")
def rows(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """Every row, documents written as groups of their own."""
    from datasets.storage.roots import all_roots

    before, folder, written = all_roots(), shared_data / "ome-zarr", tmp_path_factory.mktemp("documents")
    configure_roots([Root(name="fixtures", url=folder.as_uri()), Root(name="documents", url=written.as_uri())])
    rows = []
    lines = [line for line in (folder / "EXPECTED.tsv").read_text().splitlines() if not line.startswith("#")]
    for number, line in enumerate(lines[1:]):
        fixture, verdict, kind, declared = line.split("\t")[:4]
        attributes, address = read_attributes(folder, fixture, kind), f"fixtures:{fixture}"
        if kind in ("json", "suite-case"):
            write_group(written / str(number), attributes)
            address = f"documents:{number}"
        rows.append(Row(fixture, verdict, kind, declared, attributes, inspect_as_json(address)))
    configure_roots(before)
    return rows


def test_every_row_is_read(rows):
    assert len(rows) == 473
    assert sum(row.is_judged for row in rows) == 64


def test_images_of_0_4_and_0_5_conform_where_their_authors_say_so_but_for_what_the_page_argues(rows):
    argued = re.findall(r"^\| `([^`|]+)` \| ([a-z-]+) \| ([a-z ]+) \| \S.* \|$", PAGE.read_text(), re.MULTILINE)
    differing = [
        (row.fixture, row.verdict, row.ours)
        for row in rows
        if (row.is_judged and row.theirs != row.ours) or row.verdict == "disputed"
    ]
    assert sorted(argued) == sorted(differing)


def test_what_its_author_warns_of_has_a_warning_or_keeps_it_from_being_published(rows):
    warned = [row for row in rows if row.verdict == "valid-with-warning" and row.is_judged]
    assert warned
    assert all(row.found["problems"] for row in warned)


def test_other_versions_are_called_unsupported(rows):
    other = [row for row in rows if re.match(r"0\.[1236]|abc", row.declared)]
    assert len(other) == 142
    assert all("ngff-version-unsupported" in row.errors for row in other)
    assert not any(row.found["publishable"] or row.found["conformant"] for row in other)


def test_an_image_of_an_older_or_newer_form_that_states_no_version_is_called_unsupported(rows):
    unstated = {row.fixture for row in rows if row.declared in ("-", "none") and "multiscales" in row.body}
    assert {row.fixture for row in rows if row.fixture in unstated and "ngff-version-unsupported" in row.errors} == {
        "ngff-spec/0.1/examples/image/valid/image.json",
        "ngff-spec/0.3/examples/image/valid/image.json",
        "ngff-spec/0.3/examples/image/valid/missing_version.json",
        "ngff-spec/0.6-dev/examples/transformations/displacements/multiscales.json",
    }


def test_what_is_no_image_is_refused_by_its_name(rows):
    for row in rows:
        keys = [key for key in REFUSED if key in row.body]
        if keys and "multiscales" not in row.body:
            assert REFUSED[keys[0]] in row.errors, row.fixture
            assert row.found["conformant"] is None


def test_arrays_and_n5_are_known(rows):
    for row in rows:
        if row.kind == "plain-array":
            assert row.errors == {"array-not-image"}, row.fixture
        if row.kind.startswith("n5-"):
            is_zarr_too = row.fixture == "n5-zarr/shardExamples/test.zarr/mid_sharded"
            assert row.errors == {"array-not-image" if is_zarr_too else "n5-not-supported"}, row.fixture
        if row.kind == "zarr-group":  # its zarr.json is not JSON
            assert row.errors == {"zarr-metadata-invalid"}


def test_nothing_known_is_called_unknown(rows):
    assert not [row.fixture for row in rows if "not-zarr" in row.errors]
    assert {row.fixture for row in rows if "not-ome-zarr" in row.errors} == WITHOUT_METADATA


def test_every_conformant_image_with_arrays_has_sizes_in_nanometers(rows):
    images = [row for row in rows if row.found["conformant"] and row.kind.startswith("zarr-")]
    assert len(images) > 20
    for row in images:
        for level in row.found.get("levels", []):
            assert all(size > 0 for size in level["scale_nm"].values())
            assert len(level["scale"]) == len(level["shape"]) == len(row.found["axes"])


def test_the_levels_of_a_pyramid_of_neuroglancer_begin_at_one_edge(rows):
    """Its own example of NGFF: scale doubled, translation shifted by half a fine voxel each time."""
    (found,) = [row.found for row in rows if row.fixture == "neuroglancer/datasource/zarr/ome_zarr/simple_0.5"]
    edges = {
        tuple(level["translation"][axis] - level["scale"][axis] / 2 for axis in range(len(found["axes"])))
        for level in found["levels"]
    }
    assert edges == {(-2.0, -15.0)}


def test_every_problem_has_a_page_or_a_line_among_the_rules(rows):
    folder = PAGE.parent / "problems"
    rules = set(re.findall(r"^\| `([\w-]+)` \|", (folder / "ngff-invalid.md").read_text(), re.MULTILINE))
    known = rules | {path.stem for path in folder.glob("*.md")}
    assert {problem["id"] for row in rows for problem in row.found["problems"]} <= known
