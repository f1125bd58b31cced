"""Running the embedded server: uvicorn with the data plane's own protocol."""

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.process import BaseProcess

SHUTDOWN_S = 5


def run_server(application: str, *, host: str, port: int, processes: int = 1, reload: bool = False) -> None:
    """Serve until a signal says stop; a process that dies is replaced where there are several.

    Args:
        application: ``module:name`` of a :class:`~datasets.serving.asgi.DataPlane`.
        reload: start again when a source file changes.
    """
    import uvicorn  # here, so that whoever reads this module's names needs no server

    _allow_open_files()

    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # its warnings are of what strangers send, a line for each
    uvicorn.run(
        application,
        host=host,
        port=port,
        workers=None if reload else processes,
        reload=reload,
        http="datasets.serving.protocol:DataPlaneProtocol",
        loop="auto" if sys.platform == "win32" else "uvloop",
        ws="none",
        lifespan="on",  # the data plane counts from start to end
        interface="asgi3",
        proxy_headers=False,  # what a front server says is Django's to judge, by its settings
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=SHUTDOWN_S,
        backlog=2048,
    )


def _allow_open_files() -> None:
    """As many as this user may have: each connection, each stream and each object that is kept at hand is one."""
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(OSError, ValueError):  # some systems name more than they allow
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def end_with_supervisor() -> None:
    """Have this process end after the one that would replace it. By itself it would go on alone, and keep the port from
    whoever starts the server again."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        threading.Thread(target=_end_after, args=(supervisor,), name="supervisor", daemon=True).start()


def _end_after(supervisor: BaseProcess) -> None:
    supervisor.join()
    os.kill(os.getpid(), signal.SIGTERM)  # requests in progress have their time
