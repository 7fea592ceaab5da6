"""Silence: no webhook for far longer than an integration's own habit explains.

The habit is a rate for each of the 168 hours of a week, learned from the last four weeks. What
is counted are minutes in which something came, so that a burst is one arrival. Of an hour's
four values the highest is left out, so that a single launch doesn't become the habit, and what
came in one week only counts as nothing. Arrivals at those rates are a Poisson process: a gap in
which `n` were expected stays empty with a probability of e^-n.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Sao_Paulo")
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)

# Each arrival begins a gap: a thousand integrations with fifty a day have 50,000 gaps, and at
# one in a million one false alarm in three weeks.
CHANCE = 1e-6
EXPECTED = -math.log(CHANCE)
SHORTEST = timedelta(minutes=30)
# Below five arrivals a day the habit is hardly one.
LEAST_A_WEEK = 35.0


def is_unusual(rates: Sequence[float], since: datetime, until: datetime) -> bool:
    """Whether that nothing came between these (aware) times is too unlikely to be chance."""
    if sum(rates) < LEAST_A_WEEK or until - since < SHORTEST:
        return False
    return expected(rates, since, until) > EXPECTED


def expected(rates: Sequence[float], since: datetime, until: datetime) -> float:
    """How many arrivals the habit has between these (aware) times."""
    weeks, rest = divmod(until - since, WEEK)
    total = weeks * sum(rates)
    at = until - rest
    while at < until:
        local = at.astimezone(ZONE)
        next_hour = (
            at
            + HOUR
            - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        )
        end = min(next_hour, until)
        total += rates[hour_of_week(local)] * ((end - at) / HOUR)
        at = end
    return total


def hour_of_week(local: datetime) -> int:
    """0 is Monday's first hour, 167 Sunday's last."""
    return local.weekday() * 24 + local.hour
