"""`python -m sandbox --port 9100`: see README.md beside this file."""

import argparse
import signal
import sqlite3
import sys
from pathlib import Path
from threading import Event

from sandbox.server import Sandbox


def main() -> int:
    options = _options()
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    sandbox = Sandbox(**vars(options))
    try:
        sandbox.start()
    except (OSError, sqlite3.Error) as error:
        print(f"sandbox: cannot start on {sandbox.base_url}: {error}", file=sys.stderr)
        return 1
    print(f"sandbox: ready {sandbox.base_url}", flush=True)
    stopping.wait()
    sandbox.stop()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description="A stand-in for Coinzz.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="file that remembers orders and receivers")
    parser.add_argument("--sales", type=int, default=1000, help="orders of a new account")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other orders")
    parser.add_argument("--quiet", action="store_true", help="no line for each request")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
