"""Download what I see: from the viewer's form to the array in the file, in the real browser."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import zarr
from playwright.sync_api import Locator, Page, expect

from tests.journeys.accessibility import check_rules
from tests.journeys.conftest import Portal, started
from tests.journeys.viewer_page import open_viewer, settle

VIEW = "/datasets/fib25-ts2/view/"
LIMIT_BYTES = 4_000_000


@pytest.fixture(scope="module")
def narrow(demo: Portal) -> Iterator[Portal]:
    """A second server of the demo, whose operator allows small cutouts only."""
    with started(demo.home, ["manage.py", "serve"], CISTERNA_CUTOUT_BYTES=str(LIMIT_BYTES)) as running:
        yield running


def level(demo: Portal, layer: str, path: str) -> np.ndarray:
    """(z, y, x), read from the disk by zarr."""
    return np.asarray(zarr.open_array(demo.sample / layer / path, mode="r")[...])


def box_nm(form: Locator) -> list[tuple[float, float]]:
    """From and to of x, y and z."""
    values = [float(it.input_value()) for it in form.locator("[data-axis] input").all()]
    return list(zip(values[::2], values[1::2], strict=True))


def downloaded(page: Page, link: Locator, folder: Path) -> tuple[str, np.ndarray]:
    with page.expect_download() as waiting:
        link.click()
    waiting.value.save_as(folder / "cutout.npy")
    return waiting.value.suggested_filename, np.load(folder / "cutout.npy")


def test_a_box_that_is_too_large_is_taken_coarser_then_smaller_and_is_the_arrays(
    page: Page, demo: Portal, narrow: Portal, tmp_path: Path
) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    open_viewer(page, f"{narrow.url}{VIEW}?layers=em")
    opener = page.get_by_role("button", name="Download what I see")
    opener.focus()
    page.keyboard.press("Enter")
    form = page.get_by_role("dialog", name="Download what I see")
    link = form.get_by_role("link", name="Download FIB-SEM")
    said = form.get_by_role("status")

    expect(form.get_by_role("listitem")).to_contain_text("at most 4\u00a0MB are cut out at once")
    expect(said).to_contain_text("No file can be made so")
    expect(link).to_be_hidden()
    check_rules(page)
    form.get_by_role("button", name="Take voxels of 20\u00a0nm").click()
    expect(said).to_contain_text("One file")
    expect(form.get_by_label("Voxels")).to_be_focused()
    name, values = downloaded(page, link, tmp_path)
    seen = tuple(slice(*(round((edge + 5) / 20) for edge in edges)) for edges in reversed(box_nm(form)))
    assert name.startswith("fib25-ts2-v1-em-1-")
    np.testing.assert_array_equal(values, level(demo, "em", "1")[seen])

    for axis, low, high in (("x", 95, 605), ("y", 1000, 1400), ("z", 47, 93)):
        form.get_by_label(f"{axis} from, in nm").fill(str(low))
        form.get_by_label(f"{axis} to, in nm").fill(str(high))
    form.get_by_label("Voxels").select_option("0")
    expect(said).to_have_text("One file, 10.3\u00a0kB.")
    name, values = downloaded(page, link, tmp_path)
    assert name == "fib25-ts2-v1-em-0-10-100-5.npy"
    np.testing.assert_array_equal(values, level(demo, "em", "0")[5:10, 100:140, 10:61])
    check_rules(page)

    form.get_by_text("With curl").click()
    subprocess.run(form.locator("code").last.inner_text(), shell=True, check=True, cwd=tmp_path, capture_output=True)
    np.testing.assert_array_equal(np.load(tmp_path / name), values)

    form.get_by_label("x to, in nm").fill("95")
    expect(said).to_contain_text("the first number must be smaller")
    expect(link).to_be_hidden()
    page.mouse.move(0, 0)  # over a panel, where it clicked last, Neuroglancer would take the focus
    page.keyboard.press("Escape")
    expect(form).to_be_hidden()
    expect(opener).to_be_focused()


def test_of_one_plane_the_voxels_that_are_seen_are_downloaded(
    page: Page, demo: Portal, narrow: Portal, console: list[str], tmp_path: Path
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_viewer(page, f"{narrow.url}{VIEW}?layers=em,labels/groundtruth&position=1000,1100,1204")
    page.get_by_role("button", name="yz", exact=True).click()
    settle(page)
    page.get_by_role("button", name="Download what I see").click()
    form = page.get_by_role("dialog", name="Download what I see")
    expect(form.get_by_role("status")).to_contain_text("2 files")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert box_nm(form)[0] == (995, 1005)
    form.get_by_label("Depth through this plane, in nm").fill("30")
    form.get_by_role("checkbox", name="FIB-SEM").uncheck()
    expect(form.get_by_role("status")).to_contain_text("One file")
    expect(form.get_by_role("link", name="Download FIB-SEM")).to_be_hidden()
    name, values = downloaded(page, form.get_by_role("link", name="Download Ground truth"), tmp_path)
    z, y, x = (slice(*(int(np.ceil(edge / 10)) for edge in edges)) for edges in reversed(box_nm(form)))
    assert (x.start, x.stop) == (99, 102)
    np.testing.assert_array_equal(values, level(demo, "labels/groundtruth", "0")[z, y, x])
    assert name.startswith("fib25-ts2-v1-labels-groundtruth-0-99-")
