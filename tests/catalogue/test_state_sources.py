"""What a viewer state may read: the cases that the viewer's own rules are tested with, too."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.catalogue.actions.links import StateRefused, store_link
from datasets.catalogue.models import DatasetVersion, StateLink
from datasets.catalogue.state_sources import SourceRefused, layer_sources, origin_of, pinned_version, stray_sources

CASES = json.loads((Path(__file__).parent / "source_cases.json").read_text())
ORIGINS = {"data_url": CASES["dataUrl"], "origins": CASES["external"]}


@pytest.mark.parametrize("url", CASES["portal"])
def test_data_of_the_portal_names_its_version(url: str) -> None:
    assert pinned_version(url, **ORIGINS) in ("cell@2", "cell@draft")


@pytest.mark.parametrize("url", [*CASES["external_sources"], *CASES["page"]])
def test_data_of_an_allowed_origin_has_no_version_of_ours(url: str) -> None:
    assert pinned_version(url, **ORIGINS) is None


@pytest.mark.parametrize("url", [*CASES["refused"], *CASES["unpinned"]])
def test_everything_else_is_refused(url: str) -> None:
    with pytest.raises(SourceRefused):
        pinned_version(url, **ORIGINS)


@pytest.mark.parametrize("layer", CASES["refused_layers"].values(), ids=CASES["refused_layers"])
def test_a_source_is_found_wherever_it_stands(layer: dict[str, Any]) -> None:
    def judge_all() -> None:
        for url in layer_sources({"name": "a", "type": "image", **layer}):
            pinned_version(url, **ORIGINS)

    with pytest.raises(SourceRefused):
        judge_all()


def test_a_source_beside_the_layers_is_found() -> None:
    assert stray_sources({"layers": [], "selectedStateServer": "https://evil.example/"}) == ["https://evil.example/"]


def test_words_and_shaders_are_no_sources() -> None:
    words = {"shader": "// https://example.org", "description": "see https://example.org", "name": "a:b"}
    assert layer_sources({"source": CASES["good"], **words, "linkedSegmentationGroup": "em"}) == [CASES["good"]]


def test_an_origin_is_written_as_browsers_write_it() -> None:
    for address, origin in (
        ("https://Host:443/a", "https://host"),
        ("http://[0::1]:8000/a", "http://[::1]:8000"),
        ("s3+http://[::1]:80/bucket", "http://[::1]"),
        ("https://[::x]/", ""),
        ("https://ada@host/", ""),
    ):
        assert origin_of(address) == origin


@given(
    st.recursive(
        st.just("javascript:alert(1)"),
        lambda inner: (
            st.lists(inner, min_size=1, max_size=2) | st.dictionaries(st.sampled_from(["a", "url"]), inner, min_size=1)
        ),
    )
)
def test_no_depth_hides_an_address(value: Any) -> None:
    assert "javascript:alert(1)" in layer_sources({"source": CASES["good"], "extra": value})


@pytest.mark.django_db
def test_a_link_needs_something_of_this_portal(small_cell: DatasetVersion) -> None:
    ours = {"name": "em", "source": "http://testserver/data/small-cell@1/em/|zarr3:"}
    theirs = {"name": "x", "source": "https://bucket.example/x/|zarr3:"}
    rules: dict[str, Any] = {"data_url": "http://testserver/data/", "origins": ["https://bucket.example"], "by": None}
    with pytest.raises(StateRefused, match="no data of this portal"):
        store_link(state={"layers": [theirs]}, **rules)
    link = store_link(state={"layers": [ours, theirs]}, **rules)
    assert StateLink.objects.get() == link
    assert link.sources == ["small-cell@1"]
