"""The sandbox's memory: accounts, their orders and receivers, in SQLite (a file or memory)."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import RLock

from sandbox.orders import Order
from sandbox.stages import OPEN_STAGES, reluctance

_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (account TEXT PRIMARY KEY, next_sequence INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    account TEXT NOT NULL, sequence INTEGER NOT NULL, stage TEXT NOT NULL, changed REAL NOT NULL,
    body TEXT NOT NULL, subscription TEXT, PRIMARY KEY (account, sequence)
);
CREATE INDEX IF NOT EXISTS orders_by_change ON orders (account, changed, sequence);
CREATE TABLE IF NOT EXISTS receivers (
    account TEXT PRIMARY KEY, url TEXT NOT NULL, rate REAL NOT NULL, secret TEXT,
    subscription INTEGER NOT NULL
);
"""
_COLUMNS = "sequence, stage, changed, body, subscription"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Where an account's webhooks go."""

    account: str
    url: str
    rate: float = 1.0
    """Webhooks a second, on average."""
    secret: str | None = None
    subscription: bool = True
    """Whether subscriptions are among what it gets."""


@dataclass(frozen=True, slots=True)
class Page:
    items: list[str]
    """Orders as JSON texts."""
    total: int


class Store:
    """Safe to share between threads; each change is one transaction, whole after a kill -9."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = RLock()
        self._connection = sqlite3.connect(
            path or ":memory:", check_same_thread=False, isolation_level=None
        )
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Keep other threads out, and commit all of it at the outermost end or none."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            with self._connection:
                self._connection.execute("BEGIN")
                yield self._connection

    def accounts(self) -> dict[str, int]:
        """Count each account's orders."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT account, (SELECT count(*) FROM orders WHERE account = accounts.account)"
                " FROM accounts ORDER BY account"
            )
            return dict(rows.fetchall())

    def open_account(self, account: str, orders: Iterable[Order]) -> None:
        with self.transaction() as connection:
            count = self._insert(account, orders)
            connection.execute("INSERT INTO accounts VALUES (?, ?)", (account, count))

    def reserve(self, account: str, count: int) -> range:
        """Set aside the account's next `count` sequence numbers."""
        with self.transaction() as connection:
            (end,) = connection.execute(
                "UPDATE accounts SET next_sequence = next_sequence + ? WHERE account = ?"
                " RETURNING next_sequence",
                (count, account),
            ).fetchone()
        return range(end - count, end)

    def add(self, account: str, orders: Iterable[Order]) -> None:
        with self.transaction():
            self._insert(account, orders)

    def update(self, account: str, order: Order) -> None:
        with self.transaction() as connection:
            connection.execute(
                "UPDATE orders SET stage = ?, changed = ?, body = ?, subscription = ?"
                " WHERE account = ? AND sequence = ?",
                (*_row(order)[1:], account, order.sequence),
            )

    def order(self, account: str, sequence: int) -> Order:
        with self._lock:
            row = self._connection.execute(
                f"SELECT {_COLUMNS} FROM orders WHERE account = ? AND sequence = ?",
                (account, sequence),
            ).fetchone()
        return _order(row)

    def page(self, account: str, since: float, page: int, per_page: int) -> Page:
        """Give the orders changed since then (seconds since the epoch), newest change first."""
        condition = "FROM orders WHERE account = ? AND changed >= ?"
        with self._lock:
            (total,) = self._connection.execute(
                f"SELECT count(*) {condition}", (account, since)
            ).fetchone()
            rows = self._connection.execute(
                f"SELECT body {condition} ORDER BY changed DESC, sequence DESC LIMIT ? OFFSET ?",
                (account, since, per_page, (page - 1) * per_page),
            ).fetchall()
        return Page([body for (body,) in rows], total)

    def listing(self, account: str, page: int, per_page: int) -> list[Order]:
        """Give a page of the account's orders as they came into being, oldest first."""
        with self._lock:
            rows = self._connection.execute(
                f"SELECT {_COLUMNS} FROM orders WHERE account = ?"
                " ORDER BY sequence LIMIT ? OFFSET ?",
                (account, per_page, (page - 1) * per_page),
            ).fetchall()
        return [_order(row) for row in rows]

    def most_willing(self, account: str, count: int) -> list[int]:
        """Pick the orders that move on soonest: open ones first, then those still the longest."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT sequence, stage FROM orders WHERE account = ? ORDER BY changed, sequence",
                (account,),
            ).fetchall()
        rows.sort(key=lambda row: reluctance(row[1]))
        return [sequence for sequence, _ in rows[:count]]

    def newest_open(self, account: str, count: int) -> list[int]:
        """Pick the latest orders that are normally left again, the longest waiting first."""
        marks = ", ".join("?" * len(OPEN_STAGES))
        with self._lock:
            rows = self._connection.execute(
                f"SELECT sequence FROM orders WHERE account = ? AND stage IN ({marks})"
                " ORDER BY changed DESC, sequence DESC LIMIT ?",
                (account, *OPEN_STAGES, count),
            ).fetchall()
        return [sequence for (sequence,) in reversed(rows)]

    def longest_in(self, account: str, stage: str) -> Order | None:
        """Give the order that has been in `stage` for the longest time."""
        with self._lock:
            row = self._connection.execute(
                f"SELECT {_COLUMNS} FROM orders WHERE account = ? AND stage = ?"
                " ORDER BY changed LIMIT 1",
                (account, stage),
            ).fetchone()
        return _order(row) if row else None

    def receivers(self) -> list[Receiver]:
        with self._lock:
            rows = self._connection.execute(
                "SELECT account, url, rate, secret, subscription FROM receivers ORDER BY account"
            ).fetchall()
        return [
            Receiver(account=a, url=u, rate=r, secret=s, subscription=bool(b))
            for a, u, r, s, b in rows
        ]

    def save_receiver(self, receiver: Receiver) -> None:
        with self.transaction() as connection:
            connection.execute(
                "REPLACE INTO receivers (account, url, rate, secret, subscription)"
                " VALUES (:account, :url, :rate, :secret, :subscription)",
                asdict(receiver),
            )

    def remove_receiver(self, account: str) -> None:
        with self.transaction() as connection:
            connection.execute("DELETE FROM receivers WHERE account = ?", (account,))

    def _insert(self, account: str, orders: Iterable[Order]) -> int:
        rows = [(account, *_row(order)) for order in orders]
        self._connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)", rows)
        return len(rows)


def _row(order: Order) -> tuple[int, str, float, str, str | None]:
    subscription = json.dumps(order.subscription) if order.subscription else None
    return order.sequence, order.stage, order.changed, order.text(), subscription


def _order(row: tuple[int, str, float, str, str | None]) -> Order:
    sequence, stage, changed, body, subscription = row
    return Order(
        sequence=sequence,
        stage=stage,
        changed=changed,
        body=json.loads(body),
        subscription=json.loads(subscription) if subscription else None,
    )
