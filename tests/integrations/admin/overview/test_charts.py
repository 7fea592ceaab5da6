"""The charts of the overview."""

from django.utils import timezone

from integrations.admin.overview.charts import sync_success_chart
from integrations.admin.overview.periods import PERIODS


def test_hour_with_only_failed_syncs_is_not_shown_as_empty() -> None:
    slots = PERIODS["24h"].slots(timezone.now())
    slots[0].runs.update(FAILED=2)
    slots[1].runs.update(SUCCEEDED=3, FAILED=1)
    chart = sync_success_chart(slots)
    assert [(bar.tone, bar.height) for bar in chart.bars] == [
        ("bad", "160.0"),
        ("good", "120.0"),
        ("bad", "40.0"),
    ]
