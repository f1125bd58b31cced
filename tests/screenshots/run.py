"""Every page as people see it: ``make screenshots``, into build/screenshots or the folder that is named.

Three homes are shown: the demo with the imported catalogue where that is at hand, the one of ``ugly.py``, and one with
nothing in it. The pages are those of the URL table that answer with HTML, so that a new one is among them; of each
there are six pictures (390, 1024 and 1680 px, light and dark), one without JavaScript, and a sheet with all of them
beside each other. What is wider than its screen, which picture is not there, what the console complains of: all of
that is printed.
"""

import argparse
import contextlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import django
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
CATALOGUE = CHECKOUT.parent / "shared" / "data" / "catalogue"
IMAGES = CHECKOUT / "docs" / "images"
if str(CHECKOUT) not in sys.path:
    sys.path.insert(0, str(CHECKOUT))
if TYPE_CHECKING:
    from tests.portal.world import Words

WIDTHS = (390, 1024, 1680)
SCHEMES = ("light", "dark")
HEIGHT, HIGHEST, HIGHEST_ON_SHEET = 900, 9000, 1800
SHEET_SCALE = 0.5
QUALITY = 88
README = {
    "home": ("/", "light", 760),
    "viewer": ("/datasets/fib25-ts2/view/", "dark", 900),
    "compare": ("/compare/?left=fib25-ts2/labels/groundtruth&right=fib25-ts2/labels/ffn", "dark", 900),
}
CLOSED = "() => { for (const it of document.querySelectorAll('main details[open]')) it.open = false; }"
# Pictures that load when they come near are asked for, and what draws by itself has drawn.
SETTLED = """async () => {
  const patience = new Promise(resolve => setTimeout(resolve, 30000));
  for (const it of document.images) it.loading = "eager";
  const pictures = [...document.images].map(it => it.decode().catch(() => {}));
  const windows = [window, ...[...document.querySelectorAll("iframe")].map(it => it.contentWindow)];
  const drawn = async it => {
    if (!it.document.querySelector("#neuroglancer-container")) return;
    while (!it.cisterna) await new Promise(resolve => setTimeout(resolve, 50));
    await it.cisterna.settled();
  };
  await Promise.race([patience, Promise.all([...pictures, ...windows.map(drawn)])]);
}"""
FAULTS = """() => [
  ...(document.documentElement.scrollWidth > innerWidth
    ? [`${document.documentElement.scrollWidth - innerWidth} px too wide`] : []),
  ...[...document.images].filter(it => it.complete && !it.naturalWidth && it.checkVisibility())
    .map(it => `no picture at ${it.src}`),
]"""


@dataclass(frozen=True)
class Home:
    """A portal to look at: what is asked for besides what the URL table and ``words`` make."""

    name: str
    words: "Words"
    more: tuple[str, ...]
    user: str
    commands: tuple[tuple[str, ...], ...]


def homes() -> tuple[Home, ...]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from tests.portal.world import Words
    from tests.screenshots import ugly

    code = f"from portal.accounts.models import User; User.objects.create_superuser('ada', password='{ugly.PASSWORD}')"
    account = ("manage.py", "shell", "--no-imports", "-c", code)
    catalogue = tuple(
        ("manage.py", command, str(CATALOGUE / folder))
        for command, folder in (("import_openorganelle", "openorganelle"), ("import_crops", "cellmap-challenge"))
        if (CATALOGUE / folder).is_dir()
    )
    elsewhere = ("/datasets/jrc_macrophage-2/", "/datasets/jrc_hela-2/", "/datasets/jrc_macrophage-2/view/",
                 "/compare/?left=jrc_hela-2&right=jrc_hela-3", "/people/1/") if catalogue else ()  # fmt: skip
    return (
        Home(
            "real", Words("fib25-ts2", "em", "labels/groundtruth", "overview", "2345678923"),
            ("/search/?q=mitocondria", "/search/?q=hela", "/search/?q=nothing-of-this-name", "/datasets/?view=table",
             "/datasets/?organism=nobody", "/crops/?organelle=mito", "/organelles/er/", "/nothing/",
             "/compare/?left=fib25-ts2/labels/ffn", "/datasets/fib25-ts2@7/", *elsewhere),
            "ada", (("deploy/demo/run.py", "--no-server"), *catalogue, account),
        ),
        Home(
            "ugly", Words("everything", "em", "labels/00", "view-0", ugly.LINK),
            ("/datasets/bare/", "/datasets/right-to-left/", "/datasets/markup/", "/datasets/retired/",
             "/datasets/secret/", "/datasets/?view=table", f"/search/?q={ugly.LONG[:60].replace(' ', '+')}",
             "/search/?q=" + "q" * 300, "/datasets/everything/volumes/labels/03/", "/datasets/bare/view/",
             "/compare/?left=everything&right=bare", "/datasets/everything@1/", "/datasets/?organism=" + "a" * 90),
            ugly.USER, (("tests/screenshots/ugly.py",),),
        ),
        Home("empty", Words("nothing", "em", "em", "view", "2345678923"), (), "", (("manage.py", "migrate"),)),
    )  # fmt: skip


@contextlib.contextmanager
def served(home: Home, folder: Path) -> Iterator[str]:
    """The address of the home's portal, served while the block runs. What was written before is not written again."""
    from tests.ports import free_port

    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CISTERNA_", "DJANGO_"))}
    port = free_port()
    environment = kept | {"CISTERNA_HOME": str(folder / "home"), "PORT": str(port), "CISTERNA_WORKERS": "0"}
    folder.mkdir(parents=True, exist_ok=True)
    log = (folder / "server.log").open("wb")
    written = folder / "written"
    if not written.exists():
        shutil.rmtree(folder / "home", ignore_errors=True)
        for command in home.commands:
            subprocess.run(
                [sys.executable, *command], cwd=CHECKOUT, env=environment, stdout=log, stderr=log, check=True
            )
        written.touch()
    serve = [sys.executable, "manage.py", "serve"]
    process = subprocess.Popen(serve, cwd=CHECKOUT, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}"
        while process.poll() is None and not answer_of(f"{url}/health/ready"):
            time.sleep(0.2)
        yield url
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)
        log.close()


def answer_of(url: str) -> tuple[int, str, str] | None:
    """Status, kind and final address of an answer; None where nobody answers."""
    try:
        with urlopen(Request(url, headers={"Accept": "text/html"})) as answer:
            return answer.status, answer.headers.get_content_type(), answer.url
    except HTTPError as error:
        return error.code, error.headers.get_content_type(), url
    except (URLError, ConnectionError):
        return None


def pages(home: Home, url: str) -> list[str]:
    """The paths of all pages. One that is not there or is no page by itself is left out."""
    from tests.portal.routes import FILES, all_routes

    routes = (it for it in all_routes() if it.pattern not in FILES and not it.pattern.startswith("api/v1/"))
    walked = [route.fill(home.words, None) for route in routes]
    found = [
        path for path in walked if (it := answer_of(url + path)) and it[1] == "text/html" and it[0] not in (404, 405)
    ]
    return list(dict.fromkeys((*found, *home.more)))


def file_name(path: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", path).strip("-")[:80] or "home"


def take(page: Page, url: str, path: str, folder: Path) -> list[list[Path]]:
    """Pictures of one page, a row for each scheme. It is loaded once, as on a device that is turned."""
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(url + path)
    rows: list[list[Path]] = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        rows.append([])
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            page.evaluate(SETTLED)
            for fault in page.evaluate(FAULTS):
                print(f"  {path} at {width}, {scheme}: {fault}", flush=True)
            rows[-1].append(photograph(page, folder / f"{file_name(path)}.{width}.{scheme}.jpg"))
    for complaint in complaints:
        if not re.search("status of 4..", complaint):
            print(f"  {path} complains: {complaint[:300]}", flush=True)
    return rows


def take_without_javascript(page: Page, url: str, path: str, folder: Path) -> Path:
    page.set_viewport_size({"width": WIDTHS[1], "height": HEIGHT})
    page.goto(url + path)
    return photograph(page, folder / f"{file_name(path)}.without-javascript.jpg")


def photograph(page: Page, file: Path) -> Path:
    """The whole page, down to where nobody scrolls."""
    size = page.viewport_size
    assert size
    height = page.locator("html").bounding_box()
    assert height
    page.screenshot(
        path=file, type="jpeg", quality=QUALITY, full_page=True,
        clip={"x": 0, "y": 0, "width": size["width"], "height": min(HIGHEST, max(size["height"], height["height"]))},
    )  # fmt: skip
    return file


def write_sheet(rows: list[list[Path]], file: Path) -> None:
    """All pictures of one page on one: a row for each scheme, cut where it would be too high."""
    pictures = [[Image.open(path).convert("RGB") for path in row] for row in rows]
    tiles = [
        [
            it.crop((0, 0, it.width, min(it.height, HIGHEST_ON_SHEET))).reduce(round(1 / SHEET_SCALE))
            for it in row
        ]
        for row in pictures
    ]  # fmt: skip
    gap = 12
    width = max(sum(it.width + gap for it in row) for row in tiles) + gap
    height = sum(max(it.height for it in row) + gap for row in tiles) + gap
    sheet = Image.new("RGB", (width, height), "#777")
    top = gap
    for row in tiles:
        left = gap
        for tile in row:
            sheet.paste(tile, (left, top))
            left += tile.width + gap
        top += max(it.height for it in row) + gap
    sheet.save(file, quality=QUALITY)


def sign_in(context: BrowserContext, url: str, user: str) -> None:
    from tests.screenshots.ugly import PASSWORD

    page = context.new_page()
    page.goto(f"{url}/account/sign-in/")
    page.get_by_label("User name").fill(user)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/")
    page.close()


def show(browser: Browser, home: Home, url: str, folder: Path, only: str) -> None:
    """All pages of one home, as a stranger sees them, those of the account as its holder does."""
    shots, sheets = folder / "pages", folder / "sheets"
    shots.mkdir(exist_ok=True)
    sheets.mkdir(exist_ok=True)
    stranger, somebody = browser.new_context(), browser.new_context()
    without = browser.new_context(java_script_enabled=False)
    if home.user:
        sign_in(somebody, url, home.user)
    for path in pages(home, url):
        if only not in path:
            continue
        is_own = path.startswith(("/account/", "/jobs/")) and "sign-in" not in path
        context = somebody if is_own and home.user else stranger
        page = context.new_page()
        rows = take(page, url, path, shots)
        page.close()
        if not is_own:
            page = without.new_page()
            rows[1].append(take_without_javascript(page, url, path, shots))
            page.close()
        write_sheet(rows, sheets / f"{file_name(path)}.jpg")
        print(f"{home.name} {path}", flush=True)


def illustrate(browser: Browser, url: str) -> None:
    """The three pictures of the README."""
    for name, (path, scheme, height) in README.items():
        page = browser.new_page(
            viewport={"width": 1440, "height": height}, color_scheme=scheme, reduced_motion="reduce"
        )  # type: ignore[arg-type]
        page.goto(url + path)
        page.evaluate(CLOSED)
        page.evaluate(SETTLED)
        picture = Image.open(io.BytesIO(page.screenshot()))
        picture.save(IMAGES / f"{name}.webp", quality=QUALITY, method=6)
        page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=CHECKOUT / "build" / "screenshots")
    parser.add_argument("--home", choices=("real", "ugly", "empty"), help="this one alone")
    parser.add_argument("--only", default="", help="pages whose address has this in it, from the homes as they stand")
    parser.add_argument("--readme", action="store_true", help="the README's three pictures, and nothing else")
    asked = parser.parse_args()
    from tests.chromium import a_browser

    with a_browser() as browser:
        for home in homes():
            if asked.home not in (None, home.name) or (asked.readme and home.name != "real"):
                continue
            folder = asked.folder / home.name
            with served(home, folder) as url:
                if asked.readme:
                    illustrate(browser, url)
                else:
                    show(browser, home, url, folder, asked.only)


if __name__ == "__main__":
    main()
