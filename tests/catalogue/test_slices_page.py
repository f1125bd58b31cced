"""The page of slices: its addresses, its form without a script, and what they make of bad input."""

import json
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client

from datasets.catalogue.models import DatasetVersion, Segmentation, Volume
from datasets.catalogue.neuroglancer_links import build_state
from datasets.catalogue.pages.slice_addresses import query_of_state
from tests.catalogue.test_pages import HTML, LEVEL, make_dataset, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
PAGE = "/datasets/cell/slices/"
SLICE = "/api/v1/datasets/cell@1/volumes/em/slice"


def pictures(page: str) -> list[tuple[str, dict[str, list[str]], str]]:
    """Path, parameters and words of each picture."""
    found = []
    for tag in re.findall(r"<img [^>]*data-live[^>]*>", page):
        address = urlsplit(unescape(re.search(r'src="([^"]*)"', tag)[1]))  # type: ignore[index]
        alt = unescape(re.search(r'alt="([^"]*)"', tag)[1]).replace("\u00a0", " ")  # type: ignore[index]
        found.append((address.path, parse_qs(address.query), alt))
    return found


def fields(page: str) -> list[tuple[str, str]]:
    """What the form would send, as a browser does; of the buttons none."""
    sent = []
    for tag in re.findall(r"<(?:input|option) [^>]*>", page.partition("<main")[2] or page):
        value = {name: unescape(text) for name, text in re.findall(r'(\w+)="([^"]*)"', tag)}
        if tag.startswith("<option"):
            sent += [("zoom", value["value"])] if " selected" in tag else []
        elif value.get("type") not in ("image", "checkbox", "radio") or " checked" in tag:
            sent.append((value["name"], value["value"]))
    return sent


def sent(client: Client, path: str, *changes: tuple[str, str], without: str = "") -> str:
    """The query that the form at ``path`` leads to, with fields changed or added."""
    names = {name for name, _ in changes} - {"layer"}
    kept = [item for item in fields(text_of(client, path)) if item[0] not in names and item[0] != without]
    answer = client.get(f"{path.partition('?')[0]}?{urlencode([*kept, *changes])}", headers=HTML)
    assert answer.status_code == 302, answer.content[:300]
    where = urlsplit(answer["Location"])
    assert where.path == path.partition("?")[0]
    return where.query


def add_volume(version: DatasetVersion, path: str, kind: str, axes: str = "zyx", **changes: Any) -> Volume:
    level = LEVEL | {
        "shape": [LEVEL["shape"]["zyx".index(axis)] if axis in "zyx" else 3 for axis in axes],
        "scale": [1.0] * len(axes),
        "translation": [0.0] * len(axes),
        "scale_nm": {axis: LEVEL["scale_nm"][axis] for axis in axes if axis in "xyz"},
        "translation_nm": {axis: 0.0 for axis in axes if axis in "xyz"},
    }
    types = {"c": "channel", "t": "time"}
    defaults = {
        "rank": version.volumes.count(), "title": path, "ngff_version": "0.5", "zarr_format": 3, "dtype": "uint16",
        "metadata_digest": "0" * 64, "axes": list(axes), "axis_types": [types.get(axis, "space") for axis in axes],
        "axis_units": [None] * len(axes), "levels": [level],
    }  # fmt: skip
    volume = Volume.objects.create(version=version, path=path, kind=kind, **defaults | changes)
    if kind == "segmentation":
        Segmentation.objects.create(volume=volume, type="instance", method="model", subject="Cells")
    return volume


@pytest.fixture
def cell(db: None) -> DatasetVersion:
    """A cube of noise with labels, of which the catalogue alone knows: nothing here reads data."""

    def fill(version: DatasetVersion) -> None:
        for path, kind, title in (("em", "em", "EM"), ("labels/cells", "segmentation", "Cells")):
            volume = add_volume(version, path, kind, title=title, dtype="uint8", contrast_low=40, contrast_high=200)
            volume.levels[0] |= {"shape": [40, 48, 56], "scale_nm": dict.fromkeys("zyx", 10.0)}
            volume.save()
        version.views.create(
            name="corner", title="A corner", layers=["em", "labels/cells"], position_nm=[100, 100, 100]
        )

    return make_dataset("cell", before_freezing=fill)


def test_it_shows_three_planes_and_a_tilted_one_through_the_middle(client: Client, cell: DatasetVersion) -> None:
    page = text_of(client, PAGE)
    xy, yz, xz, tilted = pictures(page)
    assert {path for path, _, _ in (xy, yz, xz, tilted)} == {SLICE}
    assert xy[1] == {
        "center": ["275,235,200"],
        "normal": ["0,0,1"],
        "up": ["0,-1,0"],
        "width": ["512"],
        "height": ["512"],
        "resolution": ["1.09375"],
        "format": ["jpeg"],
        "overlay": ["labels/cells"],
        "opacity": ["0.35"],
    }
    assert (yz[1]["center"], yz[1]["normal"], yz[1]["up"]) == (["280,235,195"], ["-1,0,0"], ["0,-1,0"])
    assert (xz[1]["center"], xz[1]["normal"], xz[1]["up"]) == (["275,240,195"], ["0,-1,0"], ["0,0,-1"])
    assert tilted[1]["center"] == ["280,240,200"]
    assert tilted[1]["normal"] == ["0,-0.707107,0.707107"]
    assert xy[2] == "Slice in x and y at z = 200 nm: EM and Cells"
    assert tilted[2] == "Slice tilted by 45° about x, through x = 280 nm, y = 240 nm, z = 200 nm: EM and Cells"
    assert "noindex" not in page
    assert "noindex" in text_of(client, f"{PAGE}?position=1,2,3")


def test_an_address_brings_back_all_of_it(client: Client, cell: DatasetVersion) -> None:
    query = (
        "position=100,200,300&around=120,210,260&zoom=2&tilt=10,-20,30&layers=em,labels/cells"
        "&opacity=0.5&window=60,180&lines=0"
    )
    page = text_of(client, f"{PAGE}?{query}")
    assert f"http://testserver/datasets/cell@1/slices/?{query}" in unescape(page)
    assert 'href="/datasets/cell@1/view/?layers=em,labels/cells&amp;position=100,200,300"' in page
    xy = pictures(page)[0][1]
    assert (xy["center"], xy["opacity"], xy["window"]) == (["135,210,300"], ["0.5"], ["60,180"])
    assert re.search(r'name="lines" value="1">', page)
    # Sent as it stands, the form leads back to the same.
    assert sent(client, f"{PAGE}?{query}") == query


MOVES: list[tuple[list[tuple[str, str]], dict[str, str]]] = [
    ([("z", "250")], {"position": "280,240,250"}),
    ([("position", "10; 20 33")], {"position": "10,20,30"}),
    ([("position", "10,20,30"), ("x", "90")], {"position": "90,20,30"}),
    ([("position", "-5000,1e9,200")], {"position": "0,470,200"}),
    ([("step", "y-1")], {"position": "280,230,200"}),
    ([("step", "x+9999")], {"position": "550,240,200"}),
    ([("step", "x-2"), ("step", "z+3"), ("step", "zoom+1")], {"position": "260,240,230", "zoom": "1.5"}),
    ([("step", "zoom-1")], {"zoom": "1"}),
    ([("step", "about_y+170")], {"tilt": "45,170,0"}),
    ([("step", "about_x+170")], {"tilt": "-145,0,0"}),
    ([("step", "time+1")], {}),
    ([("zoom", "2")], {"zoom": "2"}),
    ([("zoom", "1000")], {"zoom": "2"}),
    ([("about_x", "0"), ("about_z", "-90")], {"tilt": "0,0,-90"}),
    ([("opacity", "0.8")], {"opacity": "0.8"}),
    ([("darkest", "10")], {"window": "10,200"}),
    ([("darkest", "200"), ("brightest", "100")], {"window": "100,200"}),
    ([("image", "")], {"layers": "labels/cells"}),
    ([("xy-448.x", "223"), ("xy-448.y", "0")], {"position": "270,0,200"}),
    ([("xy-448.x", "0"), ("xy-448.y", "0")], {}),
    ([("yz-288.x", "287"), ("yz-288.y", "144")], {"position": "280,240,390"}),
    ([("tilted-512.x", "255"), ("tilted-512.y", "355")], {"position": "280,320,280"}),
]


def test_the_form_leads_to_an_address(client: Client, cell: DatasetVersion) -> None:
    before = dict(parse_qsl(sent(client, PAGE), keep_blank_values=True))
    for changes, leads_to in MOVES:
        after = dict(parse_qsl(sent(client, PAGE, *changes), keep_blank_values=True))
        changed = {name: value for name, value in after.items() if before.get(name) != value}
        assert changed == {name: value for name, value in leads_to.items() if before.get(name) != value}, changes


def test_layers_and_lines_are_switched(client: Client, cell: DatasetVersion) -> None:
    bare = sent(client, PAGE, without="layer")
    assert "layers=em&" in f"{bare}&"
    assert "lines=0" in sent(client, PAGE, without="lines")
    assert "overlay" not in pictures(text_of(client, f"{PAGE}?{bare}"))[0][1]
    labels = pictures(text_of(client, f"{PAGE}?layers=labels/cells"))[0]
    assert labels[0].endswith("/volumes/labels/cells/slice")
    assert "opacity" not in labels[1]
    nothing = text_of(client, f"{PAGE}?layers=")
    assert "No layer is on" in nothing
    assert "/slice?" not in nothing


def test_a_script_is_answered_with_the_form_alone(client: Client, cell: DatasetVersion) -> None:
    query = urlencode([*fields(text_of(client, PAGE)), ("step", "z+1"), ("live", "1")])
    part = text_of(client, f"{PAGE}?{query}")
    assert part.startswith("<form")
    assert "position=280,240,210" in unescape(part)


NONSENSE = [
    *("position=here", "position=1,2", "position=nan,1,1", "around=x", "position=1e300,0,0"),
    *("zoom=0", "zoom=-1", "zoom=nan", "zoom=near", "across=0"),
    *("tilt=1,2", "tilt=a,b,c", "tilt=inf,0,0", "opacity=2", "opacity=x", "window=2,1", "window=1", "window=nan,5"),
    *("time=-1", "time=x", "layers=nothing", "view=nothing", "from=0", "from=1,1,1&x=abc", "from=1,1,1&zoom=0"),
    *("from=1,1,1&position=abc", "from=1,1,1&image=nothing", "from=1,1,1&layer=nothing", "from=1,1,1&opacity=9"),
    *("from=1,1,1&about_x=nan", "from=1,1,1&was_zoom=0", "from=1,1,1&xy-512.x=a&xy-512.y=1"),
    *(
        "state=",
        "state=[1]",
        "state={",
        "state=" + "[" * 5000,
        "from=1,1,1&xy-512.x=1",
        "from=1,1,1&image=em&window_of=em&darkest=x&brightest=9",
    ),
]


def test_what_makes_no_sense_is_refused_with_help(client: Client, cell: DatasetVersion) -> None:
    for query in NONSENSE:
        for part in ("", "&live=1"):
            response = client.get(f"{PAGE}?{query}{part}", headers=HTML)
            assert response.status_code in (400, 404), query
            assert b"What this means" in response.content


def test_what_is_not_known_or_empty_changes_nothing(client: Client, cell: DatasetVersion) -> None:
    for query in ("from=1,1,1&step=nonsense", "from=1,1,1", "x=1", "from=1,1,1&xy-9.x=1", "zoom="):
        assert client.get(f"{PAGE}?{query}", headers=HTML).status_code in (200, 302), query


def test_a_curators_view_and_the_viewers_state_lead_to_the_same_place(client: Client, cell: DatasetVersion) -> None:
    page = text_of(client, f"{PAGE}?view=corner")
    assert "position=100,100,100&zoom=1&" in unescape(page)
    half = 0.5**0.5
    state = build_state(cell, data_url="http://x/data/", layers=["labels/cells"], position_nm=[100, 200, 300])
    state |= {"crossSectionOrientation": [half, 0, 0, half], "crossSectionScale": 560 / 480 / 2 / 10}
    query = query_of_state(cell, state)
    assert query == "position=100,200,300&across=280&tilt=90,0,0&layers=labels/cells"
    assert "position=100,200,300&zoom=2&tilt=90,0,0&layers=labels/cells" in unescape(text_of(client, f"{PAGE}?{query}"))
    viewer = text_of(client, "/datasets/cell/view/?layers=em&position=100,200,300")
    assert viewer.count('href="/datasets/cell@1/slices/?position=100,200,300&amp;across=560&amp;layers=em"') == 3


STATES: list[dict[str, Any]] = [
    {},
    {"layers": 1, "position": "x", "dimensions": []},
    {"layers": [1, {}, {"name": 3}], "position": [1, 2], "dimensions": {"x": [1, "m"], "y": 1, "z": None}},
    {"position": [True, 1e400, 0], "dimensions": {axis: [1e-9, "m"] for axis in "xyz"}, "crossSectionOrientation": [0]},
    {"crossSectionOrientation": [0, 0, 0, 0], "crossSectionScale": "x"},
]


def test_a_state_that_anybody_wrote_leads_to_the_page(client: Client, cell: DatasetVersion) -> None:
    for state in STATES:
        assert text_of(client, f"{PAGE}?{query_of_state(cell, state)}")
    units = {axis: [1e-8, "m"] for axis in "xyz"}
    state = {"dimensions": units, "position": [9, 8.2, 7], "layers": [{"name": "em"}, {"name": "x", "archived": True}]}
    answer = client.get(PAGE, {"state": json.dumps(state)})
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}?position=90,82,70&layers=em")


def test_a_flat_image_has_one_picture_and_no_tilt(client: Client) -> None:
    make_dataset("flat", before_freezing=lambda version: add_volume(version, "em", "em", "yx"))
    page = text_of(client, "/datasets/flat/slices/")
    (picture,) = pictures(page)
    assert picture[1]["center"] == ["58,38,0"]
    assert "about_x" not in page
    assert [name for name, _ in fields(page) if name in "xyz"] == ["x", "y"]
    assert "position=116,0,0" in sent(client, "/datasets/flat/slices/", ("position", "500,-3,99"))


def test_labels_without_an_image_are_shown_for_themselves(client: Client) -> None:
    make_dataset("cells", before_freezing=lambda version: add_volume(version, "cells", "segmentation"))
    page = text_of(client, "/datasets/cells/slices/")
    assert [path for path, _, _ in pictures(page)] == ["/api/v1/datasets/cells@1/volumes/cells/slice"] * 4
    assert "No image" not in page


def test_channels_and_times_are_chosen(client: Client) -> None:
    make_dataset("light", before_freezing=lambda version: add_volume(version, "light", "light", "tczyx"))
    page = text_of(client, "/datasets/light/slices/?layers=light%231&time=2")
    assert pictures(page)[0][1]["c"] == ["1"]
    assert pictures(page)[0][1]["t"] == ["2"]
    assert "light: Channel 2" in page
    together = text_of(client, "/datasets/light/slices/?layers=light%230,light%232")
    assert "layers=light&" in unescape(together)
    assert "c" not in pictures(together)[0][1]
    assert "3 of 3" in page
    assert "time=1" in sent(client, "/datasets/light/slices/?time=2", ("step", "time-1"))
    assert "time=2" in sent(client, "/datasets/light/slices/?time=9")


def test_of_many_labels_some_are_shown_at_once(client: Client) -> None:
    def fill(version: DatasetVersion) -> None:
        for index in range(40):
            add_volume(version, f"labels/{index:02}", "segmentation")

    make_dataset("many", volumes=1, before_freezing=fill)
    names = ",".join(f"labels/{index:02}" for index in range(39, -1, -1))
    page = text_of(client, f"/datasets/many/slices/?layers=volume-0,{names}")
    assert "at most 16 at once" in page
    assert pictures(page)[0][1]["overlay"] == [f"labels/{index:02}" for index in range(16)]


def test_a_dataset_that_shows_nothing_says_so(client: Client) -> None:
    make_dataset("bare")
    assert "no layer of this dataset can be shown" in text_of(client, "/datasets/bare/slices/")
    assert text_of(client, "/datasets/bare/slices/?live=1&from=1,1,1")
