"""Accounts, orders and receivers in SQLite, in a file or in memory."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from threading import RLock
from typing import Any

from sandbox.orders.order import Order, to_json
from sandbox.orders.stages import OPEN_STAGES, finality

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


@dataclass(frozen=True, slots=True)
class Receiver:
    """The receiver of an account's webhooks, in the order of its columns."""

    account: str
    url: str
    rate: float = 1.0
    """Average number of webhooks per second."""
    secret: str | None = None
    subscription: bool = True
    """Whether it receives webhooks of subscriptions."""


@dataclass(frozen=True, slots=True)
class Page:
    bodies: list[str]
    """The orders' bodies, as JSON."""
    total: int


class Store:
    """Thread-safe storage. Each change is one transaction, which survives a kill."""

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
        """Exclude other threads. The outermost block commits, or rolls back on an exception."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            with self._connection:
                self._connection.execute("BEGIN")
                yield self._connection

    def order_counts(self) -> dict[str, int]:
        """Return the number of orders by account."""
        return dict(
            self._select(
                "SELECT account, (SELECT count(*) FROM orders WHERE account = accounts.account)"
                " FROM accounts ORDER BY account"
            )
        )

    def create_account(self, account: str, orders: Iterable[Order]) -> None:
        with self.transaction() as connection:
            count = self._insert(account, orders)
            connection.execute("INSERT INTO accounts VALUES (?, ?)", (account, count))

    def reserve_sequences(self, account: str, count: int) -> range:
        """Return the account's next `count` sequence numbers, which are used up by this."""
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
        condition = "account = ? AND sequence = ?"
        (row,) = self._select(f"SELECT {_COLUMNS} FROM orders WHERE {condition}", account, sequence)
        return _order(row)

    def changed_since(self, account: str, since: float, *, page: int, per_page: int) -> Page:
        """Return orders changed since a time (seconds since the epoch), latest change first."""
        condition = "FROM orders WHERE account = ? AND changed >= ?"
        latest = f"{condition} ORDER BY changed DESC, sequence DESC LIMIT ? OFFSET ?"
        with self._lock:
            ((total,),) = self._select(f"SELECT count(*) {condition}", account, since)
            rows = self._select(
                f"SELECT body {latest}", account, since, per_page, (page - 1) * per_page
            )
        return Page([body for (body,) in rows], total)

    def orders(self, account: str, *, page: int, per_page: int) -> list[Order]:
        """Return a page of the account's orders, the oldest first."""
        rows = self._select(
            f"SELECT {_COLUMNS} FROM orders WHERE account = ? ORDER BY sequence LIMIT ? OFFSET ?",
            *(account, per_page, (page - 1) * per_page),
        )
        return [_order(row) for row in rows]

    def next_to_change(self, account: str, count: int) -> list[int]:
        """Return sequence numbers: open orders first, and of those the longest unchanged."""
        rows = self._select(
            "SELECT sequence, stage FROM orders WHERE account = ? ORDER BY changed, sequence",
            account,
        )
        rows.sort(key=lambda row: finality(row[1]))
        return [sequence for sequence, _ in rows[:count]]

    def latest_open(self, account: str, count: int) -> list[int]:
        """Return the sequence numbers of the latest open orders, the longest unchanged first."""
        placeholders = ", ".join("?" * len(OPEN_STAGES))
        rows = self._select(
            f"SELECT sequence FROM orders WHERE account = ? AND stage IN ({placeholders})"
            " ORDER BY changed DESC, sequence DESC LIMIT ?",
            *(account, *OPEN_STAGES, count),
        )
        return [sequence for (sequence,) in reversed(rows)]

    def oldest_in_stage(self, account: str, stage: str) -> Order | None:
        """Return the order that has been in a stage for the longest time."""
        rows = self._select(
            f"SELECT {_COLUMNS} FROM orders WHERE account = ? AND stage = ?"
            " ORDER BY changed LIMIT 1",
            *(account, stage),
        )
        return _order(rows[0]) if rows else None

    def receivers(self) -> list[Receiver]:
        rows = self._select("SELECT * FROM receivers ORDER BY account")
        return [
            Receiver(account, url, rate, secret, bool(subscription))
            for account, url, rate, secret, subscription in rows
        ]

    def save_receiver(self, receiver: Receiver) -> None:
        with self.transaction() as connection:
            connection.execute("REPLACE INTO receivers VALUES (?, ?, ?, ?, ?)", astuple(receiver))

    def remove_receiver(self, account: str) -> None:
        with self.transaction() as connection:
            connection.execute("DELETE FROM receivers WHERE account = ?", (account,))

    def _select(self, statement: str, *parameters: object) -> list[Any]:
        with self._lock:
            return self._connection.execute(statement, parameters).fetchall()

    def _insert(self, account: str, orders: Iterable[Order]) -> int:
        rows = [(account, *_row(order)) for order in orders]
        self._connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)", rows)
        return len(rows)


def _row(order: Order) -> tuple[int, str, float, str, str | None]:
    subscription = json.dumps(order.subscription) if order.subscription else None
    return order.sequence, order.stage, order.changed_at, to_json(order.body), subscription


def _order(row: tuple[int, str, float, str, str | None]) -> Order:
    sequence, stage, changed_at, body, subscription = row
    return Order(
        sequence=sequence,
        stage=stage,
        changed_at=changed_at,
        body=json.loads(body),
        subscription=json.loads(subscription) if subscription else None,
    )
