"""Summary of one integration: health, latest webhooks and runs, volume by hour."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from integrations import modes
from integrations.admin.integrations.filters import LEVEL_TONES, level_of
from integrations.models import Alert, Integration, SyncRun, WebhookEvent, WebhookToken
from integrations.monitoring.health import Health, assess_integration
from integrations.monitoring.hourly_stats import hourly_webhook_counts
from integrations.monitoring.refusals import WEEK, RefusedTotal, refused_webhooks

EVENTS_SHOWN, RUNS_SHOWN = 8, 5
DAY_HOURS, WEEK_HOURS = 24, 168


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A chart with one bar an hour: its name and its number of webhooks."""

    title: str
    hours: Sequence[tuple[str, int]]

    @property
    def total(self) -> int:
        return sum(count for _, count in self.hours)

    @property
    def peak(self) -> int:
        return max(count for _, count in self.hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationSummary:
    integration: Integration
    uses_api: bool
    health: Health
    tokens: Sequence[WebhookToken]
    """The current token and earlier ones in their grace period."""
    events: Sequence[WebhookEvent]
    runs: Sequence[SyncRun]
    alerts: Sequence[Alert]
    volumes: Sequence[Sparkline]
    refused: Sequence[RefusedTotal]
    """The webhooks refused in the last 7 days, by reason."""

    @property
    def tone(self) -> str:
        return LEVEL_TONES[level_of(self.health)]


def summarize(integration: Integration) -> IntegrationSummary:
    """Read the summary in a constant number of statements."""
    valid = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    events = integration.events.order_by("-received_at")
    hours = [
        (date_format(timezone.localtime(hour), r"d/m H \h"), count)
        for hour, count in hourly_webhook_counts(integration, WEEK_HOURS)
    ]
    return IntegrationSummary(
        integration=integration,
        uses_api=modes.uses_api(integration),
        health=assess_integration(integration),
        tokens=list(integration.webhook_tokens.filter(valid).order_by("-created_at")),
        events=list(events[:EVENTS_SHOWN]),
        runs=list(integration.runs.order_by("-id")[:RUNS_SHOWN]),
        alerts=list(integration.alerts.filter(resolved_at=None).order_by("opened_at")),
        volumes=[
            Sparkline("Últimas 24 horas", hours[-DAY_HOURS:]),
            Sparkline("Últimos 7 dias", hours),
        ],
        refused=refused_webhooks(integration, WEEK),
    )
