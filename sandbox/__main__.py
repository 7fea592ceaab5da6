"""`python -m sandbox --port 9100`. README.md explains the options."""

import argparse
import signal
import sqlite3
import sys
from pathlib import Path
from threading import Event

from sandbox.api.listings import DEFAULT_LISTING, LISTINGS
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
    parser.add_argument("--host", default="127.0.0.1", help="host name or IP to listen on")
    parser.add_argument("--port", type=int, required=True, help="0 chooses a free port")
    parser.add_argument("--state", type=Path, help="file that stores orders and receivers")
    parser.add_argument(
        "--sales", type=int, default=1000, help="number of past orders of each account"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the generated orders")
    parser.add_argument(
        "--listing", choices=LISTINGS, default=DEFAULT_LISTING, help="how accounts list their sales"
    )
    parser.add_argument("--quiet", action="store_true", help="do not log requests")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
