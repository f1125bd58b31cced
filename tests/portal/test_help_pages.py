"""Guides and kinds of problems as pages of the portal, and the page that lists them."""

import functools
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from portal.help_pages import EXAMPLE, GUIDES, PROBLEMS

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def test_every_page_is_listed_and_all_its_links_lead_somewhere(client: Client) -> None:
    listed = client.get("/guides/").content.decode()
    assert client.get("/problems/").content.decode().count("<li>") == listed.count("<li>")
    addresses = [*(f"/guides/{slug}/" for slug in GUIDES), *(f"/problems/{slug}/" for slug in PROBLEMS)]
    get = functools.cache(client.get)
    for address in addresses:
        assert f'href="{address}"' in listed
        (body,) = re.findall(r"<article.*</article>", get(address).content.decode(), re.DOTALL)
        assert "<h1>" in body
        assert EXAMPLE not in body
        for link in re.findall(r'href="([^"]*)"', body):
            target, _, place = unescape(link).removeprefix("http://testserver").partition("#")
            there = get(target or address)
            assert there.status_code == 200, (address, link)
            assert not place or f'id="{place}"' in there.content.decode(), (address, link)


def test_a_guide_speaks_of_this_portal_and_its_wide_parts_are_reached_by_the_keyboard(client: Client) -> None:
    page = unescape(client.get("/guides/ground-truth/").content.decode())
    assert 'portal = httpx.Client(base_url="http://testserver", timeout=60)' in page
    assert page.count("<pre>") == page.count("<table>\n<thead>") - page.count('aria-label="Table"') == 0
    assert '<pre tabindex="0">' in page


def test_a_guide_speaks_of_the_portal_as_people_reach_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, public_url="https://cells.example.net"))
    assert "https://cells.example.net" in client.get("/guides/ground-truth/").content.decode()


@pytest.mark.parametrize("slug", ["nothing", "..%2fREADME", "Ground-Truth", "Not-Found"])
@pytest.mark.parametrize("kind", ["guides", "problems"])
def test_a_page_that_is_none_is_not_found(client: Client, kind: str, slug: str) -> None:
    assert client.get(f"/{kind}/{slug}/", headers={"Accept": "text/html"}).status_code == 404


def test_tokens_lead_to_what_they_are_for(client: Client, django_user_model: Any) -> None:
    client.force_login(django_user_model.objects.create_user("ada"))
    links = re.findall(r'href="(/guides/[^"#]*/)#([^"]*)"', client.get("/account/tokens/").content.decode())
    assert len(links) == 2
    for address, place in links:
        assert f'id="{place}"' in client.get(address).content.decode()


def test_pages_of_ground_truth_lead_to_its_guide(client: Client) -> None:
    for address in ("/crops/", "/api/"):
        assert 'href="/guides/ground-truth/"' in client.get(address).content.decode()
