"""An integration at one look: how well it is, what came lately, how much."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from integrations.admin.integrations.health_filter import TONES, level_of
from integrations.models import Alert, Integration, SyncRun, WebhookEvent, WebhookToken
from integrations.monitoring import webhook_counts
from integrations.monitoring.health import Health, assess
from integrations.monitoring.health_facts import facts_of

EVENTS_SHOWN, RUNS_SHOWN = 8, 5
DAY, WEEK = 24, 168
HEIGHT = 40.0


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    y: float
    height: float
    label: str


@dataclass(frozen=True, slots=True)
class Sparkline:
    """An hour a bar; `label` says in words what the bars show."""

    title: str
    label: str
    total: int
    bars: Sequence[Bar]

    @property
    def width(self) -> int:
        return len(self.bars)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    integration: Integration
    health: Health
    tokens: Sequence[WebhookToken]
    """The address in use, and earlier ones within their grace."""
    events: Sequence[WebhookEvent]
    runs: Sequence[SyncRun]
    alerts: Sequence[Alert]
    volumes: Sequence[Sparkline]

    @property
    def tone(self) -> str:
        """As the first page and the filter of the list judge it."""
        return TONES[level_of(self.health)]


def portray(integration: Integration) -> Portrait:
    """Read all of it, in eight statements however much there is."""
    valid = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    events = integration.events.defer("body", "headers").order_by("-received_at")
    hours = webhook_counts.last_hours(integration, WEEK)
    return Portrait(
        integration=integration,
        health=assess(facts_of(integration)),
        tokens=list(integration.webhook_tokens.filter(valid).order_by("-created_at")),
        events=list(events[:EVENTS_SHOWN]),
        runs=list(integration.runs.order_by("-id")[:RUNS_SHOWN]),
        alerts=list(integration.alerts.filter(resolved_at=None).order_by("opened_at")),
        volumes=[
            sparkline("Últimas 24 horas", hours[-DAY:]),
            sparkline("Últimos 7 dias", hours),
        ],
    )


def sparkline(title: str, hours: Sequence[tuple[datetime, int]]) -> Sparkline:
    most = max(events for _, events in hours)
    total = sum(events for _, events in hours)
    bars = [_bar(number, hour, events, most) for number, (hour, events) in enumerate(hours)]
    label = f"{title}: {total} webhooks, no máximo {most} em uma hora"
    return Sparkline(title, label, total, bars)


def _bar(number: int, hour: datetime, events: int, most: int) -> Bar:
    height = round(events / most * HEIGHT, 1) if most else 0.0
    at = date_format(timezone.localtime(hour), "d/m H")
    return Bar(number, HEIGHT - height, height, f"{at} h: {events}")
