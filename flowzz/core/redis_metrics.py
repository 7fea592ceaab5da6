"""What is counted over time, by all processes on all machines together: in Redis.

Web processes and workers come, go and are killed, each with a memory of its own; a row in
PostgreSQL would be locked by all of them at once. Losing Redis sets the counters to zero, which
Prometheus takes for a restart.
"""

import contextlib
from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from redis import RedisError

from flowzz.core import redis

KEY = "flowzz:counters"

Changes = Mapping[str, float]
"""Fields of the hash in Redis, and what is added to them."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts by one label, whose values are few and hold nothing personal."""

    name: str
    help: str
    label: str

    def by(self, counts: Mapping[str, int]) -> Changes:
        return {f"{self.name}:{value}": count for value, count in counts.items()}

    def family(self, fields: Changes) -> CounterMetricFamily:
        family = CounterMetricFamily(self.name, self.help, labels=[self.label])
        for value, count in sorted(_of(self.name, fields)):
            family.add_metric([value], count)
        return family


@dataclass(frozen=True, slots=True)
class Histogram:
    """How long something took; the bounds are in seconds."""

    name: str
    help: str
    bounds: tuple[float, ...]

    def of(self, seconds: Iterable[float]) -> Changes:
        seconds = list(seconds)
        buckets = Counts(self._bucket(value) for value in seconds)
        changes = {f"{self.name}:{bucket}": float(count) for bucket, count in buckets.items()}
        return {**changes, f"{self.name}:sum": sum(seconds)} if seconds else {}

    def family(self, fields: Changes) -> HistogramMetricFamily:
        noted = dict(_of(self.name, fields))
        buckets, total = [], 0.0
        for bound in (*map(str, self.bounds), "+Inf"):
            total += noted.get(bound, 0.0)
            buckets.append((bound, total))
        return HistogramMetricFamily(
            self.name, self.help, buckets=buckets, sum_value=noted.get("sum", 0.0)
        )

    def _bucket(self, seconds: float) -> str:
        position = bisect_left(self.bounds, seconds)
        return str(self.bounds[position]) if position < len(self.bounds) else "+Inf"


def record(*changes: Changes) -> None:
    """Add all changes in one round trip; without Redis they are lost, and nothing else is."""
    fields = {name: amount for change in changes for name, amount in change.items()}
    if not fields:
        return
    with contextlib.suppress(RedisError):  # whoever needs Redis more says that it is gone
        pipeline = redis.client().pipeline(transaction=False)
        for name, amount in fields.items():
            pipeline.hincrbyfloat(KEY, name, amount)
        pipeline.execute()


def read() -> Changes:
    """All that was counted. Raises RedisError."""
    noted = cast(dict[bytes, bytes], redis.client().hgetall(KEY))
    return {name.decode(): float(count) for name, count in noted.items()}


def _of(name: str, fields: Changes) -> Iterator[tuple[str, float]]:
    for field, amount in fields.items():
        metric, _, rest = field.partition(":")
        if metric == name:
            yield rest, amount
