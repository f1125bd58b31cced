"""Manifests of a million files, from the portal over HTTP; beside each, a plain script that reads the same inventory
batch by batch and prints the same lines, and nginx sending the ready-made text, the limit of what a client can take."""

import http.client
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import numpy as np

from datasets.storage.inventory import Row, write_inventory
from tests.benchmarks.options import Options, Report
from tests.benchmarks.portals import manage, publish, served, settings_of, timed
from tests.benchmarks.processes import cpu_seconds, forget_peak, peak_mb
from tests.benchmarks.servers import nginx_over
from tests.ports import free_port
from tests.samples import write_image

LINES = 1_000_000
SCRIPT = """
import csv, json, sys
from urllib.parse import quote
import pyarrow.parquet
out, top = sys.stdout, sys.argv[3]
write = csv.writer(out, lineterminator="\\n").writerow
if sys.argv[2] == "csv":
    write(["key", "size_bytes", "sha256", "url"])
for batch in pyarrow.parquet.ParquetFile(sys.argv[1]).iter_batches():
    for row in batch.to_pylist():
        key, size, digest = row["key"], row["size_bytes"], row["sha256"]
        url = top + quote(key)
        match sys.argv[2]:
            case "jsonl": out.write(json.dumps({"key": key, "size_bytes": size, "sha256": digest, "url": url}) + "\\n")
            case "csv": write([key, size, digest, url])
            case "sha256sum": out.write(f"{digest}  {key}\\n")
            case "aria2": out.write(f"{url}\\n out={key}\\n checksum=sha-256={digest}\\n")
            case "s5cmd": out.write(f"cp -s --raw s3://cell.v1/{key} {key}\\n")
            case "urls": out.write(url + "\\n")
"""
FORMATS = ("jsonl", "csv", "sha256sum", "aria2", "s5cmd", "urls")


def run(options: Options, report: Report) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-manifests-") as name:
        home, port = Path(name), free_port()
        home.chmod(0o755)  # nginx reads as somebody else
        settings = settings_of(home, port, CISTERNA_ROOT_DATA=home.as_uri())
        inventory = _published(home, settings)
        top = f"http://127.0.0.1:{port}/data/cell@1/"
        (home / "script.py").write_text(SCRIPT)
        texts = home / "texts"
        texts.mkdir()
        (home / "nginx").mkdir()
        with served(settings, home / "server.log") as pid:
            report.heading(f"Manifests of {LINES} files; samples: {options.rounds}")
            report.columns(
                "format   ",
                "lines/s",
                "script lines/s",
                "ratio",
                "nginx lines/s",
                "CPU µs a line",
                "MB ",
                "peak MB more",
            )
            _read(port, "/api/v1/datasets/cell@1/manifest?format=urls&path=em/0/c/0/0")  # what is imported once
            before_mb = peak_mb([pid])
            with nginx_over(home / "nginx", texts) as front:
                for kind in FORMATS:
                    ours, theirs, limits, cpu_s = [], [], [], 0.0
                    forget_peak([pid])
                    for _ in range(options.rounds):
                        with timed(theirs), (texts / kind).open("wb") as file:
                            command = [sys.executable, str(home / "script.py"), str(inventory), kind, top]
                            subprocess.run(command, stdout=file, check=True)
                        started_s = cpu_seconds([pid])
                        with timed(ours):
                            found = _read(port, f"/api/v1/datasets/cell@1/manifest?format={kind}")
                        cpu_s += cpu_seconds([pid]) - started_s
                        with timed(limits):
                            expected = _read(front.port, f"/{kind}")
                    assert found == expected, f"{kind} is not what the script prints"
                    report.row(
                        kind,
                        *(f"{LINES / statistics.median(each):.0f}" for each in (ours, theirs)),
                        f"{statistics.median(a / b for a, b in zip(theirs, ours, strict=True)):.2f}",
                        f"{LINES / statistics.median(limits):.0f}",
                        f"{cpu_s / options.rounds / LINES * 1e6:.2f}",
                        f"{(texts / kind).stat().st_size / 1e6:.0f}",
                        f"{max(peak_mb([pid]) - before_mb, 0):.0f}",
                    )
        report.note("ratio: lines/s over those of the script, which starts anew for each manifest, as one does")


def _published(home: Path, settings: Mapping[str, str]) -> Path:
    """A portal with a dataset whose inventory names a million chunks; where the inventory is."""
    write_image(home / "cell.zarr" / "em", [np.ones((8, 8, 8), "uint8")])
    publish(home, settings)
    numbers = sorted(map(str, range(100)))
    keys = (f"em/0/c/{z}/{y}/{x}" for z in numbers for y in numbers for x in numbers)
    rows = (Row(key, 32_768 + at % 977, f"e{at}", sha256(key.encode()).hexdigest()) for at, key in enumerate(keys))
    written = home / "inventory"
    root_digest = write_inventory(written, rows, version="cell@1")
    place = home / "own" / "inventories" / "cell" / "1" / f"{root_digest}.parquet"
    place.parent.mkdir(parents=True, exist_ok=True)
    written.rename(place)
    model = "from datasets.catalogue.models import DatasetVersion"
    manage(settings, "shell", "-c", f"{model}; DatasetVersion.objects.update(manifest_digest='{root_digest}')")
    return place


def _read(port: int, target: str) -> str:
    """The SHA-256 of an answer."""
    connection, digest = http.client.HTTPConnection("127.0.0.1", port, timeout=300), sha256()
    connection.request("GET", target)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    while part := answer.read(1 << 18):
        digest.update(part)
    connection.close()
    return digest.hexdigest()
