"""Coinzz's times: local times of São Paulo, written without a time zone."""

from datetime import datetime, timedelta, timezone

# A fixed offset: Brazil abolished daylight saving in 2019, and no order here is that old.
SAO_PAULO = timezone(timedelta(hours=-3))
DAY_SECONDS = 86_400.0

LOCAL_FORMAT = "%Y-%m-%d %H:%M:%S"


def local_time(seconds: float) -> datetime:
    """Return seconds since the epoch as an aware time of São Paulo."""
    return datetime.fromtimestamp(seconds, SAO_PAULO)


def format_time(seconds: float) -> str:
    """Format seconds since the epoch as Coinzz does: `2026-11-03 21:04:59`, São Paulo."""
    return local_time(seconds).strftime(LOCAL_FORMAT)


def parse_time(text: str, time_format: str = LOCAL_FORMAT) -> float:
    """Return the seconds since the epoch of a local time of São Paulo. Raises ValueError."""
    return datetime.strptime(text, time_format).replace(tzinfo=SAO_PAULO).timestamp()
