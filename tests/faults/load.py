"""The load: clients that tell lives of orders as Coinzz does, and note what was acknowledged.

`python -m tests.faults.load PLAN NOTES CLIENTS PAUSE WEB…`. Every try has a User-Agent of its own,
which the inbox keeps. A try without a 200 is made again, until there is one.
"""

import itertools
import json
import queue
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import requests

AGENT = "Coinzz "
TIMEOUT_SECONDS = 15.0
RETRY_SECONDS = 0.2
PATIENCE_SECONDS = 400.0
OK, UNAVAILABLE = 200, 503


@dataclass(frozen=True)
class Try:
    """One POST; `status` is None where no answer came."""

    key: str
    number: int
    status: int | None
    retry_after: str | None
    began: float
    ended: float
    """Seconds since the epoch."""

    @property
    def agent(self) -> str:
        return f"{AGENT}{self.key}/{self.number}"


def read(notes: Path) -> list[Try]:
    """The tries of a load that runs or has run."""
    lines = notes.read_text().split("\n")[:-1]
    return [Try(**json.loads(line)) for line in lines]


class Client(threading.Thread):
    """Tells life after life, each telling only when the one before is acknowledged."""

    def __init__(self, load: "Load") -> None:
        super().__init__()
        self._load = load
        self._session = requests.Session()
        self._session.trust_env = False

    def run(self) -> None:
        while life := self._load.next_life():
            numbers = itertools.count()
            for key, body in life["tellings"]:
                self._tell(life["path"], key, body.encode("latin-1"), numbers)
                time.sleep(self._load.pause)

    def _tell(self, path: str, key: str, body: bytes, numbers: "itertools.count[int]") -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            one = self._try(self._load.next_web() + path, key, body, next(numbers))
            self._load.note(one)
            if one.status == OK:
                return
            time.sleep(RETRY_SECONDS)

    def _try(self, url: str, key: str, body: bytes, number: int) -> Try:
        began = time.time()
        headers = {"Content-Type": "application/json", "User-Agent": f"{AGENT}{key}/{number}"}
        status = retry_after = None
        try:
            response = self._session.post(url, data=body, headers=headers, timeout=TIMEOUT_SECONDS)
            status, retry_after = response.status_code, response.headers.get("Retry-After")
        except requests.RequestException:
            pass
        return Try(key, number, status, retry_after, began, time.time())


class Load:
    def __init__(self, lives: list[dict[str, Any]], webs: list[str], pause: float) -> None:
        self.pause = pause
        self._lives: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        for life in lives:
            self._lives.put(life)
        self._webs = itertools.cycle(webs)
        self._lock = threading.Lock()
        self._notes: Any = None

    def tell_all(self, notes: Path, clients: int) -> None:
        with notes.open("w") as self._notes:
            threads = [Client(self) for _ in range(clients)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def next_life(self) -> dict[str, Any] | None:
        try:
            return self._lives.get_nowait()
        except queue.Empty:
            return None

    def next_web(self) -> str:
        with self._lock:
            return next(self._webs)

    def note(self, one: Try) -> None:
        with self._lock:
            self._notes.write(json.dumps(asdict(one)) + "\n")
            self._notes.flush()


def main(plan: str, notes: str, clients: str, pause: str, *webs: str) -> None:
    load = Load(json.loads(Path(plan).read_text()), list(webs), float(pause))
    load.tell_all(Path(notes), int(clients))


if __name__ == "__main__":
    main(*sys.argv[1:])
