"""Short links: the view as it was seen, or a page that says what has changed and offers what there is."""

import hashlib
import json
import re
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings
from hypothesis import given
from hypothesis import strategies as st

from datasets.catalogue.models import Dataset, DatasetVersion, StateLink
from datasets.catalogue.pages.link import position_nm
from tests.catalogue.test_layer_pages import plain
from tests.catalogue.test_organelle_pages import segment
from tests.catalogue.test_pages import config_of, make_dataset, text_of

pytestmark = pytest.mark.django_db
HERE = "http://testserver/data/"


def layer(source: str, name: str = "em", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "image", "source": f"{source}|zarr3:", **more}


def make_link(*layers: dict[str, Any], sources: list[str] | None = None, **state: Any) -> StateLink:
    """A link to a view of ``layers``, of the versions that their sources name."""
    shown = {"layers": list(layers), **state}
    digest = hashlib.sha256(json.dumps(shown).encode()).hexdigest()
    named = re.findall(r"/data/([a-z0-9_-]+@\w+)/", json.dumps(shown)) if sources is None else sources
    return StateLink.objects.create(state=shown, digest=digest, sources=sorted(set(named)))


def test_a_short_link_opens_what_was_seen(client: Client, small_cell: DatasetVersion) -> None:
    link = make_link(layer(f"{HERE}small-cell@1/em/"), showSlices=False)
    config = config_of(text_of(client, f"/v/{link.id}/"))
    assert config["state"] == link.state
    assert config["dataset"]["url"] == "/datasets/small-cell@1/"
    assert [it["name"] for it in config["layers"]] == ["em", "labels/cells"]


def test_a_portal_that_has_moved_still_opens_its_old_links(client: Client, small_cell: DatasetVersion) -> None:
    old = "https://old.example.org/portal/data/"
    link = make_link(
        layer(f"{old}small-cell@1/em/"),
        {"name": "labels/cells", "type": "segmentation", "source": [{"url": f"zarr://{old}small-cell@1/labels/cells"}]},
        layer("s3+https://old.example.org/portal/s3/small-cell.v1/em/", "em of the bucket"),
    )
    state = config_of(text_of(client, f"/v/{link.id}/"))["state"]
    assert state["layers"][0]["source"] == f"{HERE}small-cell@1/em/|zarr3:"
    assert state["layers"][1]["source"] == [{"url": f"zarr://{HERE}small-cell@1/labels/cells"}]
    assert state["layers"][2]["source"] == f"s3+{HERE.removesuffix('data/')}s3/small-cell.v1/em/|zarr3:"


RETIRED = {"state": "retired", "retired_reason": "The voxel size was wrong"}


def test_what_was_retired_offers_its_successor_at_the_same_place(client: Client, small_cell: DatasetVersion) -> None:
    link = make_link(
        layer(f"{HERE}small-cell@1/em/"),
        layer(f"{HERE}small-cell@1/labels/cells/", "labels/cells"),
        dimensions={"x": [4e-9, "m"], "y": [4e-9, "m"], "z": [5e-9, "m"]},
        position=[10, 20.5, 30],
    )
    successor = make_dataset("better-cell", before_freezing=lambda version: segment(version, "labels/cells", "mito"))
    DatasetVersion.objects.filter(pk=small_cell.pk).update(**RETIRED, successor=successor)
    page = plain(text_of(client, f"/v/{link.id}/", status=410))
    assert "What this link showed has changed" in page
    assert "small-cell@1 was retired: The voxel size was wrong." in page
    assert "It is another version" in page
    assert 'href="/datasets/better-cell@1/view/?layers=labels/cells&position=40,82,150"' in page
    assert "Show what is left" not in page
    assert 'href="/problems/link-changed/"' in page
    text_of(client, f"/v/{link.id}/?part=1", status=410)


def test_without_a_successor_the_newest_version_is_offered_if_there_is_one(client: Client) -> None:
    first = make_dataset("cell")
    link = make_link(layer(f"{HERE}cell@1/em/"))
    DatasetVersion.objects.filter(pk=first.pk).update(**RETIRED)
    assert "Open cell@" not in text_of(client, f"/v/{link.id}/", status=410)
    make_dataset("cell", number=2)
    assert "Open cell@2 at the same place" in text_of(client, f"/v/{link.id}/", status=410)


def test_a_successor_that_one_may_not_know_of_is_not_named(
    client: Client, admin_client: Client, small_cell: DatasetVersion
) -> None:
    link = make_link(layer(f"{HERE}small-cell@1/em/"))
    successor = make_dataset("secret-cell")
    Dataset.objects.filter(name="secret-cell").update(visibility="private")
    DatasetVersion.objects.filter(pk=small_cell.pk).update(**RETIRED, successor=successor)
    assert "secret" not in text_of(client, f"/v/{link.id}/", status=410)
    assert "Open secret-cell@1" in text_of(admin_client, f"/v/{link.id}/", status=410)


def test_what_is_left_can_be_shown_by_itself(client: Client, small_cell: DatasetVersion) -> None:
    other = make_dataset("other")
    link = make_link(layer(f"{HERE}other@1/em/", "theirs"), layer(f"{HERE}small-cell@1/em/"))
    DatasetVersion.objects.filter(pk=other.pk).update(**RETIRED)
    page = text_of(client, f"/v/{link.id}/", status=410)
    assert f'href="/v/{link.id}/?part=1">Show what is left' in page
    config = config_of(text_of(client, f"/v/{link.id}/?part=1"))
    assert [it["name"] for it in config["state"]["layers"]] == ["em"]
    assert config["dataset"]["url"] == "/datasets/small-cell@1/"


def test_an_origin_that_is_no_longer_allowed_is_named(client: Client, small_cell: DatasetVersion) -> None:
    link = make_link(
        layer(f"{HERE}small-cell@1/em/"), layer("https://cells.example.com/x.zarr/", "theirs"), sources=["small-cell@1"]
    )
    page = plain(text_of(client, f"/v/{link.id}/", status=410))
    assert "https://cells.example.com/x.zarr/" in page
    assert "nor of an origin it allows" in page
    assert "<code>theirs</code>" in page
    config = config_of(text_of(client, f"/v/{link.id}/?part=1"))
    assert [it["name"] for it in config["state"]["layers"]] == ["em"]
    from dataclasses import replace

    allowed = replace(settings.CONFIG, external_origins=("https://cells.example.com",))
    with override_settings(CONFIG=allowed):
        assert config_of(text_of(client, f"/v/{link.id}/"))["state"] == link.state


def test_a_draft_that_lost_a_layer_or_is_none_any_more_says_so_to_its_members(
    client: Client, admin_client: Client
) -> None:
    dataset = Dataset.objects.create(name="cell", visibility="public")
    draft = DatasetVersion.objects.create(dataset=dataset, title="Next", licence="CC0-1.0")
    segment(draft, "kept", "mito")
    link = make_link(layer(f"{HERE}cell@draft/kept/", "kept"), layer(f"{HERE}cell@draft/dropped/", "dropped"))
    page = plain(text_of(admin_client, f"/v/{link.id}/", status=410))
    assert "cell@draft has no layer 'dropped' any more" in page
    assert [it["name"] for it in config_of(text_of(admin_client, f"/v/{link.id}/?part=1"))["state"]["layers"]] == [
        "kept"
    ]
    draft.volumes.all().delete()
    draft.delete()
    make_dataset("cell")
    assert "The draft of cell is no longer one" in text_of(admin_client, f"/v/{link.id}/", status=410)
    text_of(client, f"/v/{link.id}/", status=404)


def test_a_link_to_something_private_looks_like_no_link(client: Client, small_cell: DatasetVersion) -> None:
    make_dataset("open")
    links = (
        make_link(layer(f"{HERE}small-cell@1/em/")),
        make_link(layer(f"{HERE}open@1/em/"), layer(f"{HERE}small-cell@1/em/")),
    )
    Dataset.objects.filter(name="small-cell").update(visibility="private")
    absent = text_of(client, "/v/2345678923/", status=404)
    for link in links:
        for query in ("", "?part=1"):
            private = text_of(client, f"/v/{link.id}/{query}", status=404)
            assert private.replace(link.id, "…").replace("%3Fpart%3D1", "") == absent.replace("2345678923", "…")
            assert "Sign in" in private
            assert "small" not in private


@pytest.mark.parametrize("state", [{"layers": []}, {"layers": [{}]}, {"layers": [{"name": 3}], "position": "x"}])
def test_an_odd_state_does_not_take_the_page_down(client: Client, small_cell: DatasetVersion, state: Any) -> None:
    digest = hashlib.sha256(json.dumps(state).encode()).hexdigest()
    link = StateLink.objects.create(state=state, digest=digest, sources=["small-cell@1"])
    text_of(client, f"/v/{link.id}/")
    DatasetVersion.objects.filter(pk=small_cell.pk).update(**RETIRED)
    make_dataset("small-cell", number=2)
    page = unescape(text_of(client, f"/v/{link.id}/", status=410))
    assert 'href="/datasets/small-cell@2/view/"' in page


lengths = st.tuples(*[st.floats(min_value=1e-3, max_value=1e4)] * 3)


@given(lengths, lengths, st.permutations(["x", "y", "z", "t"]))
def test_a_states_position_is_read_in_nanometres_whatever_its_axes(
    scales_nm: tuple[float, ...], at_nm: tuple[float, ...], order: list[str]
) -> None:
    scale, at = dict(zip("xyz", scales_nm, strict=True)), dict(zip("xyz", at_nm, strict=True))
    state = {
        "dimensions": {axis: [scale[axis] * 1e-9, "m"] if axis in scale else [1, "s"] for axis in order},
        "position": [at[axis] / scale[axis] if axis in scale else 0 for axis in order],
    }
    assert position_nm(state) == pytest.approx(at_nm)


@pytest.mark.parametrize(
    "state",
    [
        None,
        {},
        {"dimensions": {"x": [1, "m"]}, "position": [1]},
        {"dimensions": {"x": [1, "m"], "y": [1, "m"], "z": [1, ""]}, "position": [1, 2, 3]},
        {"dimensions": {"x": [1, "m"], "y": [1, "m"], "z": [1, "m"]}, "position": [1, 2]},
        {"dimensions": {"x": [1e300, "m"], "y": [1, "m"], "z": [1, "m"]}, "position": [1e300, 2, 3]},
        {"dimensions": {"x": "m", "y": [1, "m"], "z": [1, "m"]}, "position": [1, 2, None]},
    ],
)
def test_a_state_that_says_no_lengths_has_no_position(state: Any) -> None:
    assert position_nm(state) is None
