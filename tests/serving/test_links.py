"""Symbolic links in a folder, in every arrangement: followed inside the root, refused where they lead out."""

import json

import pytest

from tests.serving.conftest import SMALL
from tests.serving.transports import Ask, problem


@pytest.mark.parametrize("key", ["inside", "absolute"])
def test_lead_to_what_is_inside(ask_folder: Ask, key: str) -> None:
    assert ask_folder(f"/data/linked@1/{key}").body == SMALL


@pytest.mark.parametrize("key", ["out/secret", "out-absolute", "circle"])
def test_that_lead_out_or_in_a_circle_are_refused(ask_folder: Ask, key: str) -> None:
    reply = ask_folder(f"/data/linked@1/{key}")
    assert reply.status == 400
    problem(reply, "invalid-key")


@pytest.mark.parametrize("key", ["dangling", "fifo"])
def test_to_no_object_are_absent(ask_folder: Ask, key: str) -> None:
    problem(ask_folder(f"/data/linked@1/{key}"), "object-absent")


def test_are_listed_when_they_can_be_asked_for(ask_folder: Ask) -> None:
    reply = ask_folder("/data/linked@1/", accept="application/json")
    assert json.loads(reply.body)["results"] == ["absolute", "inside", "small"]
