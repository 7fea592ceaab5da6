"""Celery's workers and beat, forked from one process that has loaded Flowzz.

They share the memory that none of them changes, and Flowzz is loaded once: a start takes a fifth of
the time of separate programs. A child that ends is forked again.
"""

import gc
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import NoReturn

import django

from flowzz.local import processes
from flowzz.local.servers.child_process import die_with_parent

RESTART_SECONDS = 1.0


def main() -> NoReturn:
    load()
    children = {fork(arguments): arguments for arguments in processes.celery_programs()}
    stop_with(children)
    while True:
        pid, status = os.wait()
        arguments = children.pop(pid)
        name, code = " ".join(arguments[3:6]), os.waitstatus_to_exitcode(status)
        print(f"{name} exited with code {code}; restarting", file=sys.stderr, flush=True)
        time.sleep(RESTART_SECONDS)
        children[fork(arguments)] = arguments


def load() -> None:
    """Import everything that workers use, without a connection or a thread."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowzz.settings")
    django.setup()
    from flowzz.celery import app  # noqa: PLC0415 - tasks need the registry

    app.loader.import_default_modules()
    app.finalize()
    os.environ["CELERY_SKIP_CHECKS"] = "1"  # the import has just run them
    gc.collect()
    gc.freeze()  # a collection would write to the shared memory


def fork(arguments: Sequence[str]) -> int:
    """Run Celery with these arguments in a child process, and return its process id."""
    end_with_parent = die_with_parent(signal.SIGTERM)
    if pid := os.fork():
        return pid
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent()
    from flowzz.celery import app  # noqa: PLC0415 - as above

    app.start(list(arguments))
    sys.exit()


def stop_with(children: Mapping[int, Sequence[str]]) -> None:
    """On SIGTERM, stop the children and exit when all have finished their tasks."""

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        for pid in children:
            os.kill(pid, signal.SIGTERM)
        for pid in children:
            os.waitpid(pid, 0)
        sys.exit()

    signal.signal(signal.SIGTERM, stop)


if __name__ == "__main__":
    main()
