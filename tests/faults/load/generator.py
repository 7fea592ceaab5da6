"""The load generator: clients that send webhooks as Coinzz does, and record every response.

`python -m tests.faults.load.generator PLAN RESULTS CLIENTS PAUSE WEB…`. Each attempt has its own
User-Agent, which the inbox stores. A webhook is sent again until the response is 200. SIGTERM ends
the load after the sequences that have begun.
"""

import itertools
import json
import queue
import signal
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
GIVE_UP_SECONDS = 400.0
OK, UNAVAILABLE = 200, 503


@dataclass(frozen=True)
class Attempt:
    """One POST. `status` is None if there was no response."""

    key: str
    number: int
    status: int | None
    retry_after: str | None
    started: float
    ended: float
    """Seconds since the epoch."""

    @property
    def seconds(self) -> float:
        return self.ended - self.started

    @property
    def agent(self) -> str:
        return f"{AGENT}{self.key}/{self.number}"


def read_attempts(results: Path) -> list[Attempt]:
    """Return the attempts that a load generator has recorded so far."""
    lines = results.read_text().split("\n")[:-1]
    return [Attempt(**json.loads(line)) for line in lines]


class Client(threading.Thread):
    """Sends sequences, each webhook after the previous one is acknowledged."""

    def __init__(self, load: "LoadGenerator") -> None:
        super().__init__()
        self._load = load
        self._session = requests.Session()
        self._session.trust_env = False

    def run(self) -> None:
        while sequence := self._load.next_sequence():
            numbers = itertools.count()
            for key, body in sequence["webhooks"]:
                self._send(sequence["path"], key, body.encode("latin-1"), numbers)
                time.sleep(self._load.pause)

    def _send(self, path: str, key: str, body: bytes, numbers: "itertools.count[int]") -> None:
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            attempt = self._attempt(self._load.next_web() + path, key, body, next(numbers))
            self._load.record(attempt)
            if attempt.status == OK:
                return
            time.sleep(RETRY_SECONDS)

    def _attempt(self, url: str, key: str, body: bytes, number: int) -> Attempt:
        started = time.time()
        headers = {"Content-Type": "application/json", "User-Agent": f"{AGENT}{key}/{number}"}
        status = retry_after = None
        try:
            response = self._session.post(url, data=body, headers=headers, timeout=TIMEOUT_SECONDS)
            status, retry_after = response.status_code, response.headers.get("Retry-After")
        except requests.RequestException:
            pass
        return Attempt(key, number, status, retry_after, started, time.time())


class LoadGenerator:
    def __init__(self, sequences: list[dict[str, Any]], webs: list[str], pause: float) -> None:
        self.pause = pause
        self._is_stopped = False
        self._sequences: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        for sequence in sequences:
            self._sequences.put(sequence)
        self._webs = itertools.cycle(webs)
        self._lock = threading.Lock()
        self._results: Any = None

    def run(self, results: Path, clients: int) -> None:
        with results.open("w") as self._results:
            threads = [Client(self) for _ in range(clients)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def stop(self, *_: object) -> None:
        self._is_stopped = True

    def next_sequence(self) -> dict[str, Any] | None:
        try:
            return None if self._is_stopped else self._sequences.get_nowait()
        except queue.Empty:
            return None

    def next_web(self) -> str:
        with self._lock:
            return next(self._webs)

    def record(self, attempt: Attempt) -> None:
        with self._lock:
            self._results.write(json.dumps(asdict(attempt)) + "\n")
            self._results.flush()


def main(plan: str, results: str, clients: str, pause: str, *webs: str) -> None:
    load = LoadGenerator(json.loads(Path(plan).read_text()), list(webs), float(pause))
    signal.signal(signal.SIGTERM, load.stop)
    load.run(Path(results), int(clients))


if __name__ == "__main__":
    main(*sys.argv[1:])
