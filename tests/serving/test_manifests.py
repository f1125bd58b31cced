"""Manifests: every format read by something else than what wrote it; who gets them; what is refused, and cut off."""

import csv
import io
import json
import shlex
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from datasets.catalogue.actions.tokens import create_api_token
from datasets.catalogue.models import Dataset, DatasetVersion, Selection
from datasets.serving.manifests.formats import FORMATS, write_blocks
from datasets.serving.manifests.parts import Part
from datasets.storage.inventory import Row
from datasets.storage.keys import canonical_key, is_segment
from datasets.storage.mounts import Mounts
from tests.answers import content_of
from tests.catalogue.test_pages import make_dataset

MANIFEST = "/api/v1/datasets/small-cell@1/manifest"


def ask(address: str = MANIFEST, /, *, headers: Any = None, **query: str) -> Any:
    return Client().get(address, query, headers=headers)


def text_of(address: str = MANIFEST, /, **query: str) -> str:
    response = ask(address, **query)
    assert response.status_code == 200, response.content
    return content_of(response).decode()


def refusal(address: str = MANIFEST, /, **query: str) -> tuple[int, str]:
    """The status and the slug of what is wrong."""
    response = ask(address, **query)
    problem = response.json()
    assert problem["status"] == response.status_code
    assert (response["Cache-Control"], response["Access-Control-Allow-Origin"]) == ("private, no-store", "*")
    page = problem["type"].removeprefix("http://testserver")
    assert Client().get(page).status_code == 200, "every problem has its page"
    return response.status_code, page.strip("/").rpartition("/")[2]


def make(reference: str = "small-cell") -> None:
    call_command("manifest", reference, stdout=io.StringIO(), stderr=io.StringIO())


def keys_of(text: str) -> list[str]:
    return [json.loads(line)["key"] for line in text.splitlines()]


@pytest.mark.django_db
def test_all_formats_name_the_same_files(small_cell: DatasetVersion, data_root: Path, tmp_path: Path) -> None:
    make()
    folder = data_root / "small.zarr"
    files = {it.relative_to(folder).as_posix(): it.read_bytes() for it in folder.rglob("*") if it.is_file()}
    lines = [json.loads(line) for line in text_of().splitlines()]
    assert [line["key"] for line in lines] == sorted(files, key=str.encode)
    for line in lines:
        content = files[line["key"]]
        assert (line["size_bytes"], line["sha256"]) == (len(content), sha256(content).hexdigest())
        assert line["url"] == f"http://testserver/data/small-cell@1/{line['key']}"
    rows = list(csv.DictReader(io.StringIO(text_of(format="csv"))))
    assert rows == [{name: str(value) for name, value in line.items()} for line in lines]
    assert text_of(format="urls").split() == [line["url"] for line in lines]
    sums = text_of(format="sha256sum")
    assert sha256(sums.encode()).hexdigest() == DatasetVersion.objects.get().manifest_digest
    subprocess.run(
        ["sha256sum", "-c", "--strict", "--quiet"], cwd=folder, input=sums, text=True, check=True, capture_output=True
    )
    assert keys_of(text_of(path="labels/cells/")) == [key for key in sorted(files) if key.startswith("labels/cells/")]
    assert keys_of(text_of(path="em/zarr.json")) == ["em/zarr.json"]
    assert refusal(path="labels/cell") == (404, "not-found")


@pytest.mark.django_db
def test_caches_keep_what_never_changes_and_nothing_else(small_cell: DatasetVersion) -> None:
    before = ask()
    assert all(json.loads(line)["sha256"] is None for line in content_of(before).decode().splitlines())
    assert (before["Cache-Control"], before.has_header("ETag")) == ("no-cache", False)
    assert next(csv.DictReader(io.StringIO(text_of(format="csv"))))["sha256"] == ""
    assert "checksum" not in text_of(format="aria2")
    make()
    after, newest = ask(), ask("/api/v1/datasets/small-cell/manifest")
    assert after["Cache-Control"] == "public, max-age=31536000, immutable"
    assert newest["Cache-Control"] == "no-cache"
    assert after["Content-Disposition"] == 'attachment; filename="small-cell-v1.jsonl"'
    assert len({after["ETag"], ask(format="csv")["ETag"], ask(path="em")["ETag"]}) == 3
    assert ask(headers={"if-none-match": after["ETag"]}).status_code == 304
    assert after["Access-Control-Allow-Origin"] == "*"
    head = Client().head(MANIFEST)
    assert (head.status_code, head["ETag"], content_of(head)) == (200, after["ETag"], b"")
    Dataset.objects.update(visibility="private")
    assert refusal() == (404, "not-found")
    user = get_user_model().objects.create_superuser("ada")
    bearer = create_api_token(username=user.username, label="", scope="read", lifetime=None, by=None).bearer
    private = ask(headers={"authorization": f"Bearer {bearer}"})
    assert private["Cache-Control"] == "private, no-store"
    assert content_of(private) == content_of(after)
    unchanged = ask(headers={"authorization": f"Bearer {bearer}", "if-none-match": private["ETag"]})
    assert (unchanged.status_code, unchanged["Cache-Control"]) == (304, "private, no-store")


@pytest.mark.django_db
def test_what_cannot_be_listed_is_refused_by_name(small_cell: DatasetVersion, data_root: Path) -> None:
    assert refusal(format="zip") == (400, "query-invalid")
    assert refusal(token="secret") == (400, "query-invalid")
    assert refusal(format="sha256sum") == (409, "digests-absent"), "an ETag is none"
    assert refusal("/api/v1/datasets/small-cell@2/manifest") == (404, "not-found")
    make_dataset("elsewhere")
    assert refusal("/api/v1/datasets/elsewhere@1/manifest") == (409, "external")
    make()
    shutil.rmtree(data_root.parent / "own" / "inventories")
    assert refusal() == (503, "inventory-unreadable")
    assert int(ask()["Retry-After"]) > 0
    page = Client().get("/datasets/small-cell@1/").content.decode()
    assert "download-aws" in page, "the page needs no inventory"
    DatasetVersion.objects.filter(pk=small_cell.pk).update(state="retired", retired_reason="A wrong voxel size")
    assert refusal() == (410, "version-retired")


@pytest.mark.django_db
def test_a_selection_is_listed_as_its_folders_are(small_cell: DatasetVersion) -> None:
    layers = ["small-cell@1/em", "small-cell@1/labels/cells"]
    chosen = Selection.objects.create(id="2345678923", layers=layers[1:], digest="0" * 64)
    path = f"/api/v1/selections/{chosen.pk}/manifest"
    assert refusal(path, format="sha256sum") == (409, "digests-absent")
    make()
    lines = [json.loads(line) for line in text_of(path).splitlines()]
    assert [line["key"] for line in lines] == [f"small-cell@1/{key}" for key in keys_of(text_of(path="labels/cells"))]
    assert all(line["url"] == f"http://testserver/data/{line['key']}" for line in lines)
    digest, _, name = text_of(path, format="sha256sum").splitlines()[0].partition("  ")
    assert (digest, name) == (lines[0]["sha256"], lines[0]["key"])
    assert ask(path)["Cache-Control"] == "no-cache"
    DatasetVersion.objects.filter(pk=small_cell.pk).update(state="retired", retired_reason="A wrong voxel size")
    assert refusal(path) == (410, "version-retired"), "a list of the rest would look complete"
    Dataset.objects.update(visibility="private")
    assert refusal(path) == (404, "not-found")


PART = Part("odd@2", "odd.v2", "", "", "https://cells.example/data/odd@2/", None, Mounts(()))
SEGMENTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(is_segment)
KEYS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)


@given(KEYS, st.integers(0, 2**62), st.binary(min_size=32, max_size=32).map(bytes.hex))
def test_no_name_breaks_a_line_or_becomes_another(key: str, size_bytes: int, digest: str) -> None:
    lines = {name: "".join(it.lines(PART, [Row(key, size_bytes, "", digest)])) for name, it in FORMATS.items()}
    url = lines["urls"].removesuffix("\n")
    assert url.isascii()
    assert canonical_key(url.removeprefix("https://cells.example/data/odd@2/").encode()) == key
    assert json.loads(lines["jsonl"]) == {"key": key, "size_bytes": size_bytes, "sha256": digest, "url": url}
    assert len(lines["jsonl"].splitlines()) == 1
    assert next(csv.reader(io.StringIO(lines["csv"], newline=""))) == [key, str(size_bytes), digest, url]
    assert lines["sha256sum"] == f"{digest}  {key if key != '-' else './-'}\n"
    command = shlex.split(lines["s5cmd"])
    assert command[:4] == ["cp", "-s", "--raw", f"s3://odd.v2/{key}"]
    assert Path(command[4]) == Path(key)
    assert not command[4].startswith("-")
    assert all(text.count("\n") == 1 for name, text in lines.items() if name != "aria2")
    if key.endswith(" "):
        assert lines["aria2"].startswith("#")
        assert lines["aria2"].count("\n") == 1
    else:
        first, out, checksum = lines["aria2"].splitlines() if key.isascii() else lines["aria2"].split("\n")[:3]
        assert unquote(first) == f"https://cells.example/data/odd@2/{key}"
        assert Path(out.removeprefix(" out=").strip(" ")) == Path(key)
        assert checksum == f" checksum=sha-256={digest}"


def test_an_empty_list_has_its_head() -> None:
    assert b"".join(write_blocks(FORMATS["csv"], [PART])) == b"key,size_bytes,sha256,url\n"
