"""Who may read /metrics, and that whoever may not is told there is no such page."""

import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from datasets.serving.metrics import ProcessMetrics
from datasets.serving.traffic import Batch, Tally
from portal.config import Config, ConfigurationInvalid

pytestmark = pytest.mark.django_db
NOW = {"open_streams": 1.0, "waiting": 2.0, "snapshot_confirmed_s": 0.0}


def of_any_request(page: bytes) -> bytes:
    return re.sub(rb"<code>[0-9a-f]{32}</code>", b"", page).replace(b"/metrics", b"/no-such-page")


def status(**request: Any) -> int:
    return Client().get("/metrics", **request).status_code


def test_metrics_are_read_on_this_machine(settings: Any, tmp_path: Any) -> None:
    settings.CONFIG = replace(settings.CONFIG, home=tmp_path)
    for _ in range(2):
        ProcessMetrics(tmp_path / "metrics")(Batch({("object", "cells", 200): Tally(3, 100, 0.5)}, gauges=NOW))
    reply = Client().get("/metrics")
    assert reply.status_code == 200
    assert reply["Content-Type"].startswith("text/plain; version=")
    assert reply["Cache-Control"] == "no-store"
    lines = reply.content.decode().splitlines()
    assert 'cisterna_answers_total{kind="object",status="2xx"} 6.0' in lines
    assert 'cisterna_sent_bytes_total{kind="object",status="2xx"} 200.0' in lines
    assert "cisterna_open_streams 2.0" in lines


def test_before_anything_was_counted_there_is_nothing_wrong(settings: Any, tmp_path: Any) -> None:
    settings.CONFIG = replace(settings.CONFIG, home=tmp_path)
    assert b"cisterna_processes 0.0" in Client().get("/metrics").content


@pytest.mark.parametrize(
    "request_is",
    [
        {"REMOTE_ADDR": "192.0.2.1"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "not an address"},
        {"headers": {"X-Forwarded-For": "192.0.2.1"}},  # a stranger's, handed on by a front server on this machine
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Via": "1.1 proxy"}},
        {"headers": {"Forwarded": "for=192.0.2.1"}},
        {"REMOTE_ADDR": "192.0.2.1", "headers": {"Authorization": "Bearer "}},
        {"REMOTE_ADDR": "192.0.2.1", "headers": {"Authorization": "Bearer wrong"}},
    ],
)
def test_to_all_others_there_is_no_such_page(request_is: dict[str, Any]) -> None:
    reply = Client().get("/metrics", **request_is)
    absent = Client().get("/no-such-page", **request_is)
    assert reply.status_code == absent.status_code == 404
    assert of_any_request(reply.content) == of_any_request(absent.content)


def test_the_operator_says_who_else_may(settings: Any) -> None:
    settings.CONFIG = replace(
        settings.CONFIG,
        metrics_networks=Config.from_env({"CISTERNA_METRICS_NETWORKS": "192.0.2.0/24, 2001:db8::/32"}).metrics_networks,
        metrics_token="öpen",
    )
    assert status() == 404  # no longer named
    assert status(REMOTE_ADDR="192.0.2.77") == 200
    assert status(REMOTE_ADDR="2001:db8::5") == 200
    assert status(REMOTE_ADDR="198.51.100.1") == 404
    shown = "Bearer öpen".encode().decode("latin-1")
    assert status(REMOTE_ADDR="198.51.100.1", HTTP_AUTHORIZATION=shown) == 200


def test_networks_that_are_none_stop_the_start() -> None:
    with pytest.raises(ConfigurationInvalid, match="CISTERNA_METRICS_NETWORKS"):
        Config.from_env({"CISTERNA_METRICS_NETWORKS": "192.0.2.1/24"})
