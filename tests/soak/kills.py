"""Servers, nginx and the S3 server are killed with -9 over and over, at moments of chance, while clients download.

    python -m tests.soak.kills FOLDER --turns 20 --seed 1

Says how often each client ended how. Ends with 1 where one had wrong bytes, or did not come by the right ones after.
"""

import argparse
import random
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from tests.s3_proxy import proxy_before
from tests.s3_server import KEY, REGION, SECRET, find_programs, s3_server_in
from tests.serving.kills import (
    MIB,
    READERS,
    Arrangement,
    Seen,
    bucket,
    download_through_kills,
    nginx_worker,
    only_process,
    portal_behind_nginx,
    process_of_two,
    read_through_a_kill,
    write_objects,
)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--turns", type=int, default=20)
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    given = options.parse_args()
    folder = given.folder.resolve()
    chance = random.Random(given.seed)
    print(f"--seed {given.seed}")
    (folder / "place").mkdir(parents=True)
    write_objects(folder / "place")
    place = str(folder / "place")
    failures = 0
    with ExitStack() as running:
        opened: dict[str, Callable[[], AbstractContextManager[Arrangement]]] = {
            "one process of two": lambda: process_of_two(place, chance),
            "the only process": lambda: only_process(place),
            "nginx workers": lambda: nginx_worker(place),
            "the portal behind nginx": lambda: portal_behind_nginx(place),
        }
        slow = None
        if find_programs() is not None:
            server = running.enter_context(s3_server_in(folder / "s3"))
            slow = running.enter_context(proxy_before(server.port))
            before = slow
            fill(server.endpoint, folder / "place")
            opened |= {
                "the S3 server": lambda: bucket(server, before, "kills"),
                "the S3 server behind nginx": lambda: bucket(server, before, "kills", behind_nginx=True),
            }
        for name, open_arrangement in opened.items():
            seen = Seen()
            paced = slow if "S3" in name else None
            for turn in range(given.turns):
                try:
                    with open_arrangement() as arrangement:  # anew: nginx keeps what it has read of a bucket
                        if paced:
                            paced.bytes_per_s = 16 * MIB
                        download_through_kills(arrangement, folder, chance, seen)
                    for reader in READERS:
                        with open_arrangement() as arrangement:
                            read_through_a_kill(arrangement, reader, chance, seen, paced=paced)
                except AssertionError:
                    failures += 1
                    print(f"{name}, turn {turn}:\n{traceback.format_exc()}")
                    if "S3" in name and not server.has_gateway:
                        server.start_gateway()
            for outcome, count in sorted(seen.counts.items()):
                print(f"{name:28} {count:5} x {outcome}", flush=True)
    print(f"{failures} failures")
    return 1 if failures else 0


def fill(endpoint: str, place: Path) -> None:
    """The published objects, in the bucket ``kills``."""
    from botocore.session import Session

    keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "region_name": REGION}
    s3 = Session().create_client("s3", endpoint_url=endpoint, **keys)
    s3.create_bucket(Bucket="kills")
    for path in place.rglob("*"):
        if path.is_file() and "draft" not in path.parts:
            s3.put_object(Bucket="kills", Key=str(path.relative_to(place)), Body=path.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
