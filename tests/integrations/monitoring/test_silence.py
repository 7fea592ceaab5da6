"""When is it too quiet? Rates of a week, and a gap."""

from datetime import datetime, timedelta

import pytest

from integrations.monitoring.silence import expected, hour_of_week, is_unusual
from tests.factories import SAO_PAULO

MONDAY = datetime(2026, 3, 2, tzinfo=SAO_PAULO)
STEADY = [6.0] * 168
OFFICE_HOURS = [
    10.0 if hour // 24 < 5 and 9 <= hour % 24 < 18 else 0.0 for hour in range(168)
]  # Monday to Friday, 9 to 18


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def test_hours_are_those_of_sao_paulo() -> None:
    assert hour_of_week(at(0, 0)) == 0
    assert hour_of_week(at(6, 23)) == 167


@pytest.mark.parametrize(
    ("since", "until", "arrivals"),
    [
        (at(0, 9), at(0, 10), 10.0),
        (at(0, 8, 30), at(0, 9, 15), 2.5),
        (at(0, 17, 30), at(1, 9, 30), 10.0),
        (at(5, 0), at(7, 0), 0.0),
        (at(0, 9), at(14, 9), 900.0),
        (at(0, 9), at(21, 9, 30), 1355.0),
    ],
)
def test_expected_arrivals(since: datetime, until: datetime, arrivals: float) -> None:
    assert expected(OFFICE_HOURS, since, until) == pytest.approx(arrivals)


def test_gap_is_unusual_once_chance_would_explain_it_less_than_once_in_a_million() -> None:
    assert not is_unusual(STEADY, at(0, 0), at(0, 2, 18))
    assert is_unusual(STEADY, at(0, 0), at(0, 2, 19))


def test_weekend_is_not_silence_for_who_sells_on_weekdays() -> None:
    assert not is_unusual(OFFICE_HOURS, at(4, 18), at(7, 10, 15))
    assert is_unusual(OFFICE_HOURS, at(4, 18), at(7, 10, 30))


def test_busy_integration_may_pause_for_half_an_hour() -> None:
    assert not is_unusual([60.0] * 168, at(0, 0), at(0, 0, 29))
    assert is_unusual([60.0] * 168, at(0, 0), at(0, 0, 30))


def test_little_traffic_is_never_silence() -> None:
    assert not is_unusual([34.0 / 168] * 168, at(0, 0), at(365, 0))
