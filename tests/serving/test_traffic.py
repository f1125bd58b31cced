"""What is counted, by a real server in two processes and in the process: metrics, the access log, the days of use."""

import datetime as dt
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from prometheus_client.parser import text_string_to_metric_families

from datasets.catalogue.models import UsageDaily
from datasets.serving.access_log import AccessLog
from datasets.serving.metrics import forget_processes, render_metrics
from datasets.serving.traffic import Batch, Caller, Entry, Tally, Traffic
from datasets.serving.usage import UsageRecorder
from tests.connections import one_connection
from tests.serving.conftest import LARGE, SMALL
from tests.serving.plane import TOKEN, data_plane, snapshot_of
from tests.serving.test_streaming import started
from tests.serving.transports import in_process, over_socket, served_over

SHARED = f"~{TOKEN.decode()}"
HUGE_BYTES = 48 << 20  # more than lies between two sockets
REQUESTS = [
    ("/data/frozen@1/small", 200, "object", "frozen"),
    ("/data/frozen@1/absent", 404, "object", "frozen"),
    ("/data/frozen@1/many/", 200, "listing", "frozen"),
    ("/data/frozen@1/large", 200, "object", "frozen"),
    ("/data/secret@1/small", 404, "object", ""),  # its name is not to be known
    ("/data/nowhere@1/small", 404, "object", ""),
    (f"/data/{SHARED}/secret@1/small?{SHARED}", 200, "object", "secret"),
    (f"/access/data/{SHARED}/secret@1/small", 204, "access", "secret"),
    ("/s3/frozen/small", 200, "s3", "frozen"),
    ("/s3/frozen.v1?list-type=2&max-keys=3", 200, "s3", "frozen"),
    ("/s3/secret/small", 404, "s3", ""),
    ("/data/cells@1/small", 410, "object", "cells"),
]


def samples_of(folder: Path) -> dict[tuple[str, str, str], float]:
    """(name, kind, status class) → value; of histograms, how many took any time at all."""
    families = text_string_to_metric_families(render_metrics(folder).decode())
    return {
        (sample.name, sample.labels.get("kind", ""), sample.labels.get("status", "")): sample.value
        for family in families
        for sample in family.samples
        if sample.labels.get("le", "+Inf") == "+Inf"
    }


@pytest.fixture(scope="module")
def home(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where two processes have counted ``REQUESTS``, four times over four connections, and one body that was cut."""
    home = tmp_path_factory.mktemp("counted")
    huge = folder / "own/derived/s1/huge"
    with huge.open("wb") as file:
        file.truncate(HUGE_BYTES)
    with served_over(str(folder), processes=2, home=home) as server:
        with ExitStack() as connections:
            asks = [connections.enter_context(over_socket(server.port)) for _ in range(4)]
            for path, status, _, _ in REQUESTS:
                assert [ask(path).status for ask in asks] == [status] * 4
        with started(server, "em/s1/huge", "cells@2"):
            pass
    huge.unlink()
    return home


def test_metrics_are_those_of_all_processes(home: Path) -> None:
    samples = samples_of(home / "metrics")
    for kind, status, count in (("object", "2xx", 3 * 4 + 1), ("listing", "2xx", 4), ("object", "4xx", 4 * 4)):
        assert samples["cisterna_answers_total", kind, status] == count
        assert samples["cisterna_answer_seconds_bucket", kind, status] == count
        assert samples["cisterna_answer_seconds_count", kind, status] == count
    assert samples["cisterna_answers_total", "access", "2xx"] == 4
    assert samples["cisterna_answers_total", "s3", "2xx"] == 2 * 4
    assert samples["cisterna_processes", "", ""] == 2
    assert samples["cisterna_open_streams", "", ""] == 0
    assert samples["cisterna_waiting", "", ""] == 0
    assert 0 <= samples["cisterna_snapshot_age_seconds", "", ""] < 60


def test_bytes_are_those_that_were_sent(home: Path) -> None:
    whole = 4 * (2 * len(SMALL) + len(LARGE))
    assert whole < samples_of(home / "metrics")["cisterna_sent_bytes_total", "object", "2xx"] < whole + HUGE_BYTES


def test_metrics_name_no_dataset(home: Path) -> None:
    text = render_metrics(home / "metrics").decode()
    for name in snapshot_of(str(home)).addresses:
        assert name not in text


def test_what_an_earlier_start_left_is_forgotten(home: Path, tmp_path: Path) -> None:
    for path in (home / "metrics").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert samples_of(tmp_path)["cisterna_answers_total", "listing", "2xx"] == 4
    forget_processes(tmp_path)
    assert ("cisterna_answers_total", "listing", "2xx") not in samples_of(tmp_path)


def test_the_access_log_has_a_line_for_each_answer_and_no_token(home: Path) -> None:
    text = (home / "access.log").read_text()
    assert TOKEN.decode() not in text
    assert "127.0.0.1" not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert len(lines) == len(REQUESTS) * 4 + 1
    assert len({line["request"] for line in lines}) == len(lines)
    for path, status, kind, dataset in REQUESTS:
        shown = path.partition("?")[0].replace(SHARED, "~***")
        found = [line for line in lines if (line["path"], line["status"]) == (shown, status)]
        assert len(found) >= 4, path
        assert {(line["kind"], line["dataset"]) for line in found} == {(kind, dataset)}
        assert all(0 < line["seconds"] < 60 for line in found)
        assert all(dt.datetime.fromisoformat(line["time"]) for line in found)
    assert {line["bytes"] for line in lines if line["path"] == "/data/frozen@1/small"} == {len(SMALL)}


def entry(target: bytes) -> Entry:
    return Entry(1.5, "GET", target, "object", "", 200, 1, 0.001, b"id", Caller("192.0.2.1", b"2001:db8::1"))


def test_the_access_log_masks_tokens_however_written_and_names_people_only_where_it_is_told_to(tmp_path: Path) -> None:
    forms = [b"/~secret/a", b"/%7Esecret/a", b"/%7esecret", b"//~secret/a"]
    targets = [b"/data" + form for form in forms] + [b"/access/data/~secret/a"]
    log, telling = AccessLog(tmp_path / "log"), AccessLog(tmp_path / "telling", with_addresses=True)
    batch = Batch(entries=[entry(target) for target in [*targets, b"/data/a?token=secret"]])
    log(batch)
    telling(batch)
    text = (tmp_path / "log").read_text()
    assert "secret" not in text
    assert text.count("***") == len(targets)
    assert "192.0.2.1" not in text
    assert "2001:db8::1" not in text
    assert all((told["address"], told["forwarded"]) == ("192.0.2.1", "2001:db8::1")
               for told in map(json.loads, (tmp_path / "telling").read_text().splitlines()))  # fmt: skip


def test_a_log_that_was_moved_away_is_made_anew(tmp_path: Path) -> None:
    log = AccessLog(tmp_path / "log")
    log(Batch(entries=[entry(b"/data/before")]))
    (tmp_path / "log").rename(tmp_path / "log.1")
    log(Batch(entries=[entry(b"/data/after")]))
    assert "before" in (tmp_path / "log.1").read_text()
    assert "after" in (tmp_path / "log").read_text()


def test_entries_are_handed_on_before_they_fill_the_memory() -> None:
    batches: list[Batch] = []
    traffic = Traffic(batches.append, keep_entries=True)
    for _ in range(25_000):
        traffic.note(entry(b"/data/a"))
    traffic.flush().result()
    assert sum(len(batch.entries) for batch in batches) == 25_000
    assert max(len(batch.entries) for batch in batches) <= 10_000


def test_a_sink_that_fails_is_logged_and_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    batches: list[Batch] = []

    def fails(batch: Batch) -> None:
        raise OSError("No space left on device")

    traffic = Traffic(fails, batches.append)
    traffic.count("object", "cells", 200, 1, 0.1, Caller("::1"))
    traffic.flush().result()
    assert batches[0].tallies["object", "cells", 200].answers == 1
    assert "No space left" in caplog.text


def test_pages_of_a_dataset_are_its_views(folder: Path) -> None:
    """Of pages that were shown, and of no other address."""
    batches: list[Batch] = []
    plane = data_plane(str(folder), Traffic(batches.append))

    async def pages(scope: Any, receive: Any, send: Any) -> None:
        status = 404 if b"unknown" in scope["raw_path"] else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"page"})

    plane._application = pages
    ask = in_process(plane)
    for path in ("cells/", "cells@2/", "cells/view/?layers=em", "cells@draft/view/"):
        ask(f"/datasets/{path}")
    for path in ("/datasets/", "/datasets/unknown/", "/datasets/cells/em.webp", "/api/v1/datasets/cells/", "/"):
        ask(path)
    ask("/datasets/cells/", method="HEAD")
    plane._traffic.flush().result()
    tallies = batches[0].tallies
    assert {key: tally.answers for key, tally in tallies.items()} == {
        ("page", "cells", 200): 4,
        ("page", "", 200): 4,
        ("page", "", 404): 1,
        ("api", "", 200): 1,
    }
    assert tallies["page", "cells", 200].sent_bytes == 4 * len(b"page")


@pytest.mark.django_db
def test_use_is_written_to_the_day_and_nothing_is_lost_while_the_database_fails(small_cell: Any) -> None:
    noon_s = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC).timestamp()
    caller = Caller("192.0.2.1")

    def batch(*tallies: tuple[str, str, int, int], ended_s: float = noon_s) -> Batch:
        return Batch(
            {(kind, name, status): Tally(1, sent) for kind, name, status, sent in tallies},
            {"small-cell": {caller}},
            ended_s=ended_s,
        )

    def fail(*args: Any) -> None:
        raise OperationalError("the server closed the connection")

    name, record = "small-cell", UsageRecorder()
    with one_connection():
        with connection.execute_wrapper(fail), pytest.raises(OperationalError):
            record(batch(("object", name, 200, 100), ("object", name, 404, 7), ("page", name, 200, 5)))
        assert not UsageDaily.objects.exists()
        record(batch(("object", "small-cell", 206, 20), ("object", "", 404, 3), ("object", "deleted-since", 200, 3)))
        row = UsageDaily.objects.get()
        assert (row.dataset.name, row.day) == ("small-cell", dt.date(2026, 5, 1))
        assert (row.views, row.sent_bytes, row.clients) == (1, 120, 1)
        record(batch(("object", "small-cell", 200, 1), ended_s=noon_s + 86400))
        assert UsageDaily.objects.count() == 2
