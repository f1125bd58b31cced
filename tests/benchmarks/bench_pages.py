"""First visits to pages, in a real browser on a slow machine and a slow line; beside each page itself without pictures.

The demo alone, then with the recorded catalogue imported. Every visit begins with nothing kept.
"""

import json
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser

from tests.benchmarks.options import Options, Report
from tests.benchmarks.page_loads import CPU_SLOWDOWN, LATENCY_MS, LINE_MBIT_PER_S, PageLoad, load_page
from tests.benchmarks.portals import manage, served, settings_of
from tests.chromium import a_browser
from tests.external_data import served as served_elsewhere
from tests.ports import free_port

MOST_BYTES, MOST_LCP_MS = 150_000, 1000
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CATALOGUE = DATA / "catalogue" / "openorganelle"
SECTIONS = DATA / "em" / "vnc-stack1" / "raw.npz"
"""Noisier than most: what comes over the wire is at the upper end."""
DEMO_PAGES = ("/", "/datasets/", "/search/?q=fly", "/datasets/fib25-ts2/", "/organelles/", "/organelles/mito/")
CATALOGUE_PAGES = ("/", "/datasets/", "/search/?q=mito", "/datasets/jrc_hela-2/", "/organelles/", "/organelles/mito/")


def run(options: Options, report: Report) -> None:
    report.note(
        f"Chromium, {CPU_SLOWDOWN}× slower than this machine, {LINE_MBIT_PER_S} Mbit/s, {LATENCY_MS} ms for each "
        f"answer, 1280 × 900 pixels; targets: {MOST_BYTES / 1e3:.0f} KB, LCP {MOST_LCP_MS} ms, CLS 0.00"
    )
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as name, a_browser() as browser:
        home = Path(name)
        settings = settings_of(home, free_port())
        with served(settings, home / "demo.log", "deploy/demo/run.py"):
            _measure("The demo", DEMO_PAGES, settings["PORT"], browser, options, report)
            if not (CATALOGUE.is_dir() and SECTIONS.is_file()):
                report.note("Left out: the imported catalogue, which is not part of this checkout")
                return
            with _elsewhere(home / "elsewhere") as (manifests, origin):
                manage(settings, "import_openorganelle", str(manifests))
                manage({**settings, "CISTERNA_EXTERNAL_ORIGINS": origin}, "thumbnails")
            _measure("The demo and a catalogue", CATALOGUE_PAGES, settings["PORT"], browser, options, report)


@contextmanager
def _elsewhere(folder: Path) -> Iterator[tuple[Path, str]]:
    """The recorded catalogue, and the server that has its pictures: sections of real tissue, each its own."""
    from PIL import Image

    sections = np.load(SECTIONS)["raw"]
    with served_elsewhere(folder) as origin:
        for number, manifest in enumerate(sorted((CATALOGUE / "manifests").rglob("manifest.json"))):
            said = json.loads(manifest.read_text(encoding="utf-8"))
            place = folder / "manifests" / manifest.parent.name
            place.mkdir(parents=True)
            Image.fromarray(sections[number % len(sections)]).save(place / "thumbnail.jpg")
            said["metadata"]["thumbnailURL"] = f"{origin}/manifests/{place.name}/thumbnail.jpg"
            (place / "manifest.json").write_text(json.dumps(said), encoding="utf-8")
        yield folder / "manifests", origin


def _measure(title: str, pages: tuple[str, ...], port: str, browser: Browser, options: Options, report: Report) -> None:
    report.heading(f"{title}: first visits, samples: {options.rounds}")
    report.columns(
        "page                  ", "KB at load", "KB in all", "requests", "LCP ms", "without pictures", "ratio", " CLS"
    )
    for path in pages:
        url = f"http://127.0.0.1:{port}{path}"
        load_page(browser, url, slow=False)  # the server knows it
        whole, bare = [], []
        for _ in range(options.rounds):
            whole.append(load_page(browser, url))
            bare.append(load_page(browser, url, without_pictures=True))
        lcp_ms, bare_ms = _middle_ms(whole), _middle_ms(bare)
        report.row(
            path + ("" if _holds(whole) else " !"),
            f"{max(it.bytes_at_load for it in whole) / 1e3:.1f}",
            f"{max(it.bytes_in_all for it in whole) / 1e3:.1f}",
            f"{whole[-1].requests}",
            f"{lcp_ms:.0f}",
            f"{bare_ms:.0f}",
            f"{lcp_ms / bare_ms:.2f}",
            f"{max(it.shift for it in whole):.2f}",
        )
    report.note(
        "KB: on the wire; at load: before the page's own load event; in all: with pictures below the screen that the "
        "browser asks for ahead. A ! misses a target"
    )


def _middle_ms(loads: list[PageLoad]) -> float:
    return statistics.median(it.lcp_ms for it in loads)


def _holds(loads: list[PageLoad]) -> bool:
    bytes_most, shift = max(it.bytes_at_load for it in loads), max(it.shift for it in loads)
    return bytes_most <= MOST_BYTES and round(shift, 2) == 0 and _middle_ms(loads) <= MOST_LCP_MS
