"""Errors as pages and as documents."""

import re
from html import unescape
from pathlib import Path

import pytest
from django.test import Client, override_settings

from datasets.volumes.errors import CisternaError
from portal.help_pages import PROBLEMS
from portal.templatetags.frontend import FrontendNotBuilt, frontend_script, frontend_styles
from portal.templatetags.problem_text import sentence

HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.mark.django_db
def test_a_browser_gets_a_page_and_a_program_a_document(client: Client) -> None:
    page = client.get("/datasets/no-such-cell/", headers=HTML)
    assert (page.status_code, page["Content-Type"]) == (404, "text/html; charset=utf-8")
    text = unescape(page.content.decode())
    assert "No dataset is called 'no-such-cell' here." in text
    assert "Sign in" in text
    assert page["X-Request-Id"] in text
    document = client.get("/datasets/no-such-cell/", headers={"Accept": "application/json"})
    assert (document.status_code, document["Content-Type"]) == (404, "application/problem+json")
    # What is absent for one is there for another, or is there tomorrow.
    answers = [page, document, client.get("/api/v1/datasets/no-such-cell/"), client.get("/api/v1/nothing/")]
    assert [answer["Cache-Control"] for answer in answers] == ["private, no-store"] * 4
    assert document.json() == {
        "type": "http://testserver/problems/not-found/",
        "title": "Not found",
        "status": 404,
        "detail": "No dataset is called 'no-such-cell' here",
        "where": "no-such-cell",
        "fix": "Check the name, or sign in",
        "request_id": document["X-Request-Id"],
    }


@pytest.mark.django_db
def test_an_address_that_is_none_has_a_page_that_leads_on(client: Client) -> None:
    text = client.get("/nothing/here/", headers=HTML).content.decode()
    assert 'href="/datasets/"' in text
    assert 'href="http://testserver/problems/not-found/"' in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status", "where"),
    [
        ("/crops/?dataset=%00", 400, "dataset"),
        ("/api/v1/crops/?organelle=mito&a%00b=1", 400, "ab"),
        ("/api/v1/selections/%00", 404, None),
        ("/datasets/cell/volumes/%00/", 404, None),
    ],
)
def test_the_character_0_is_refused_at_every_door(client: Client, path: str, status: int, where: str | None) -> None:
    response = client.get(path, headers={"Accept": "application/json"})
    assert (response.status_code, response.json().get("where")) == (status, where)


def _errors(base: type[CisternaError]) -> set[type[CisternaError]]:
    return {base}.union(*(_errors(error) for error in base.__subclasses__()))


def test_every_error_has_its_page() -> None:
    assert {error.slug for error in _errors(CisternaError)} <= set(PROBLEMS)


def test_words_of_an_error_end_like_a_sentence_and_lead_where_they_point() -> None:
    assert sentence("") == ""
    assert sentence("Try again") == "Try again."
    assert sentence("Really?") == "Really?"
    assert sentence("See /datasets/cell@2/") == 'See <a class="link" href="/datasets/cell@2/">/datasets/cell@2/</a>.'
    assert sentence("<b> /datasets/<i>/ x/datasets/cell/") == (
        '&lt;b&gt; <a class="link" href="/datasets/">/datasets/</a>&lt;i&gt;/ x/datasets/cell/.'
    )


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / ".vite").mkdir()
    (tmp_path / ".vite" / "manifest.json").write_text(
        """{
          "_shared.js": {"file": "assets/shared-1.js", "css": ["assets/shared-1.css"], "imports": ["_deep.js"]},
          "_deep.js": {"file": "assets/deep-1.js", "imports": ["_shared.js"]},
          "src/viewer.ts": {"file": "assets/viewer-1.js", "css": ["assets/viewer-1.css"], "imports": ["_shared.js"]}
        }"""
    )
    return tmp_path


def test_tags_name_everything_an_entry_needs_once(built: Path) -> None:
    with override_settings(FRONTEND_DIST=built):
        styles, script = frontend_styles("src/viewer.ts"), frontend_script("src/viewer.ts")
    assert re.findall(r'href="([^"]+)"', styles) == [
        "/static/frontend/assets/viewer-1.css",
        "/static/frontend/assets/shared-1.css",
    ]
    assert re.findall(r'modulepreload" href="([^"]+)"', script) == [
        "/static/frontend/assets/shared-1.js",
        "/static/frontend/assets/deep-1.js",
    ]
    assert '<script type="module" src="/static/frontend/assets/viewer-1.js"></script>' in script


def test_tags_see_a_new_build(built: Path) -> None:
    manifest = built / ".vite" / "manifest.json"
    with override_settings(FRONTEND_DIST=built):
        assert "viewer-1.js" in frontend_script("src/viewer.ts")
        manifest.write_text('{"src/viewer.ts": {"file": "assets/viewer-2.js"}}')
        assert "viewer-2.js" in frontend_script("src/viewer.ts")


def test_what_was_not_built_is_an_error_unless_a_page_can_do_without(tmp_path: Path) -> None:
    with override_settings(FRONTEND_DIST=tmp_path):
        assert frontend_script("src/site.ts", required=False) == ""
        assert frontend_styles("src/site.ts", required=False) == ""
        with pytest.raises(FrontendNotBuilt, match="make install"):
            frontend_script("src/viewer.ts")
