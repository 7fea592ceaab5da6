"""The charts of the overview."""

from urllib.parse import parse_qs, urlsplit

from django.utils import timezone

from integrations.admin.overview.charts import (
    longest_wait_chart,
    sync_success_chart,
    webhooks_chart,
)
from integrations.admin.overview.periods import PERIODS, WEEK, with_previous
from integrations.inbox.hourly_counts import HOUR
from integrations.models import HourlyStats


def test_hour_with_only_failed_syncs_is_not_shown_as_empty() -> None:
    slots = PERIODS["24h"].slots(timezone.now())
    slots[0].runs.update(FAILED=2)
    slots[1].runs.update(SUCCEEDED=3, FAILED=1)
    chart = sync_success_chart(slots, [])
    assert [(bar.tone, bar.height) for bar in chart.bars] == [
        ("bad", "160.0"),
        ("good", "120.0"),
        ("bad", "40.0"),
    ]


def test_failed_syncs_link_to_those_that_are_counted() -> None:
    slots = PERIODS["24h"].slots(timezone.now())
    _, failed = sync_success_chart(slots, []).series
    assert (failed.name, parse_qs(urlsplit(failed.href).query)["state__exact"]) == (
        "Falharam",
        ["FAILED"],
    )


def test_previous_period_is_the_one_of_equal_length_before() -> None:
    now = timezone.now()
    this_hour = PERIODS["24h"].slots(now)[-1].start
    rows = [
        HourlyStats(
            hour=this_hour - hours * HOUR,
            events={"created": count},
            sales_created=0,
            sales_updated=0,
            longest_wait_seconds=0,
            circuit="",
        )
        for hours, count in ((0, 5), (24, 3), (47, 2), (48, 9))
    ]
    slots, before = with_previous(PERIODS["24h"], now, rows)
    chart = webhooks_chart(slots, before)
    assert chart.previous is not None
    assert (chart.series[0].total, chart.previous.total) == ("5", "5")
    assert chart.columns[-1].tooltip.split("\n")[1:] == [
        "good\tVenda criada\t5",
        "previous\tperíodo anterior\t3",
    ]
    assert len(with_previous(WEEK, now, rows)[1]) == len(WEEK.slots(now))


def test_short_waits_are_in_seconds_and_long_ones_in_minutes() -> None:
    slots = PERIODS["24h"].slots(timezone.now())
    slots[3].longest_wait_seconds = 7.0
    chart = longest_wait_chart(slots, [])
    assert [tick.text for tick in chart.y_ticks] == ["0 s", "3 s", "6 s", "9 s", "12 s"]
    slots[3].longest_wait_seconds = 240.0
    chart = longest_wait_chart(slots, [])
    assert [tick.text for tick in chart.y_ticks] == ["0 min", "1 min", "2 min", "3 min", "4 min"]
