"""Coinzz's clock: local times of São Paulo, written without their zone."""

from datetime import datetime, timedelta, timezone

# Fixed, because Brazil dropped daylight saving in 2019 and no order here is that old.
SAO_PAULO = timezone(timedelta(hours=-3))
DAY = 86_400.0
"""Seconds."""

_FORMAT = "%Y-%m-%d %H:%M:%S"


def local(seconds: float) -> datetime:
    """Turn seconds since the epoch into an aware time of São Paulo."""
    return datetime.fromtimestamp(seconds, SAO_PAULO)


def stamp(seconds: float) -> str:
    """Write seconds since the epoch as Coinzz does: `2026-11-03 21:04:59`, São Paulo."""
    return local(seconds).strftime(_FORMAT)


def seconds(stamp: str) -> float:
    """Read what `stamp` writes; ValueError where it is anything else."""
    return datetime.strptime(stamp, _FORMAT).replace(tzinfo=SAO_PAULO).timestamp()
