"""Percentages and durations, formatted for Brazil."""

import pytest

from integrations.admin.overview.formatting import format_duration, format_percent


def test_percentages_have_a_decimal_comma() -> None:
    assert (format_percent(97.53), format_percent(100)) == ("97,5 %", "100 %")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.12, "120 ms"),
        (1, "1 s"),
        (2.5, "2,5 s"),
        (600, "10 min"),
        (7200, "2 h"),
        (400_000, "4,6 d"),
    ],
)
def test_durations_are_rounded_to_a_readable_unit(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
