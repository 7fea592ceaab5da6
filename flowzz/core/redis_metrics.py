"""Counters and histograms for Prometheus, shared by all processes through Redis.

Processes start, stop and are killed, so their own memory can't hold counters; a row in PostgreSQL
would be locked by all of them. If Redis is lost, counters restart at zero, which Prometheus
handles like a restart.
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

KEY = "flowzz:metrics"

Fields = Mapping[str, float]
"""Fields of the Redis hash and their values, or what is added to them."""


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter with one label. Its values are few and contain no personal data."""

    name: str
    help: str
    label: str

    def increments(self, counts: Mapping[str, int]) -> Fields:
        """Return the fields to add counts to, by value of the label."""
        return {f"{self.name}:{value}": count for value, count in counts.items()}

    def family(self, fields: Fields) -> CounterMetricFamily:
        family = CounterMetricFamily(self.name, self.help, labels=[self.label])
        for value, count in sorted(_fields_of(self.name, fields)):
            family.add_metric([value], count)
        return family


@dataclass(frozen=True, slots=True)
class Histogram:
    """A histogram of durations; the upper bounds of its buckets are in seconds."""

    name: str
    help: str
    bounds: tuple[float, ...]

    def increments(self, durations: Iterable[float]) -> Fields:
        """Return the fields to add durations to."""
        durations = list(durations)
        if not durations:
            return {}
        counts = Counts(self._bucket(seconds) for seconds in durations)
        fields = {f"{self.name}:{bucket}": float(count) for bucket, count in counts.items()}
        return {**fields, f"{self.name}:sum": sum(durations)}

    def family(self, fields: Fields) -> HistogramMetricFamily:
        values = dict(_fields_of(self.name, fields))
        buckets, total = [], 0.0
        for bound in (*map(str, self.bounds), "+Inf"):
            total += values.get(bound, 0.0)
            buckets.append((bound, total))
        return HistogramMetricFamily(
            self.name, self.help, buckets=buckets, sum_value=values.get("sum", 0.0)
        )

    def _bucket(self, seconds: float) -> str:
        position = bisect_left(self.bounds, seconds)
        return str(self.bounds[position]) if position < len(self.bounds) else "+Inf"


def record(*increments: Fields) -> None:
    """Add all increments in one round trip. Without Redis they are lost, silently."""
    if all_commands := commands(*increments):
        with contextlib.suppress(RedisError):  # the callers that depend on Redis log its failure
            redis.run(all_commands)


def commands(*increments: Fields) -> list[redis.Command]:
    """Return the commands that add all increments."""
    return [
        ("HINCRBYFLOAT", KEY, name, amount)
        for increment in increments
        for name, amount in increment.items()
    ]


def read() -> Fields:
    """Return all fields. Raises RedisError."""
    fields = cast(dict[bytes, bytes], redis.client().hgetall(KEY))
    return {name.decode(): float(value) for name, value in fields.items()}


def _fields_of(metric: str, fields: Fields) -> Iterator[tuple[str, float]]:
    """Yield the fields of a metric, named without its prefix."""
    for field, value in fields.items():
        name, _, suffix = field.partition(":")
        if name == metric:
            yield suffix, value
