"""Times of this machine become times of the database's clock, which here is the same one."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from flowzz.core.db import db_time
from flowzz.core.db.db_time import read_clock, to_database_time

pytestmark = pytest.mark.django_db
NOTHING = timedelta(0)


def test_time_is_not_early_if_the_reply_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_with_a_late_reply() -> datetime:
        now = read_clock()
        time.sleep(0.02)
        return now

    monkeypatch.setattr(db_time, "read_clock", read_with_a_late_reply)
    now = timezone.now()
    assert to_database_time(now) >= now


def test_quickest_reading_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    delays: Iterator[float] = iter([1.0, 0.002])

    def read_late() -> datetime:
        time.sleep(next(delays, 0.0))
        return read_clock()

    monkeypatch.setattr(db_time, "read_clock", read_late)
    now = timezone.now()
    assert NOTHING <= to_database_time(now) - now < timedelta(seconds=0.5)
    assert next(delays, None) is None
