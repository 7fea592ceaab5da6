"""Bodies past retention are removed; what they produced, and what is still to be done, stays."""

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from pytest_django.fixtures import Settings

from integrations import tasks
from integrations.inbox import replay, retention
from integrations.models import EventState, WebhookEvent
from sales.models import Sale, SaleStatusChange
from tests import payloads
from tests.integrations.admin.rows import make_event
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller() -> Seller:
    return Seller()


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def test_old_body_goes_and_what_it_produced_stays(seller: Seller) -> None:
    seller.told(payloads.raw("order_cod_created"), at=days_ago(91))
    sale, history = Sale.objects.values().get(), list(SaleStatusChange.objects.values())
    before = seller.events[0]

    assert retention.redact_expired_payloads() == 1

    event = seller.events[0]
    assert (event.body, event.headers) == (None, {})
    assert event.body_removed_at is not None
    assert (event.state, event.outcome, event.finished_at) == (
        before.state,
        before.outcome,
        before.finished_at,
    )
    assert bytes(event.body_hash) == bytes(before.body_hash)
    assert Sale.objects.values().get() == sale
    assert list(SaleStatusChange.objects.values()) == history


def test_age_counts_from_arrival_to_the_setting(seller: Seller, settings: Settings) -> None:
    settings.PAYLOAD_RETENTION = timedelta(days=10)
    seller.told(payloads.order("ordolder"), at=days_ago(10.01))
    seller.told(payloads.order("ordnewer"), at=days_ago(9.99))

    retention.redact_expired_payloads()

    assert [event.body is None for event in seller.events] == [True, False]


@pytest.mark.parametrize(
    ("state", "is_kept"),
    [
        (EventState.PENDING, True),
        (EventState.RETRY, True),
        (EventState.DONE, False),
        (EventState.IGNORED, False),
        (EventState.QUARANTINED, False),
    ],
)
def test_only_what_is_still_to_be_done_keeps_its_body(
    seller: Seller, state: EventState, is_kept: bool
) -> None:
    make_event(seller.integration, state=state, received_at=days_ago(400))

    retention.redact_expired_payloads()

    assert (seller.events[0].body is not None) is is_kept
    assert seller.events[0].state == state


def test_second_time_finds_nothing(seller: Seller) -> None:
    seller.told(payloads.raw("order_cod_created"), at=days_ago(91))

    assert (retention.redact_expired_payloads(), retention.redact_expired_payloads()) == (1, 0)


def test_nightly_task_goes_on_until_none_is_left(seller: Seller) -> None:
    for number in range(5):
        make_event(
            seller.integration, f"ord{number}", state=EventState.DONE, received_at=days_ago(100)
        )

    with patch.object(retention, "BATCH", 2):
        tasks.purge_payloads()

    assert not WebhookEvent.objects.filter(body__isnull=False).exists()


def test_task_is_in_the_schedule() -> None:
    task = PeriodicTask.objects.get(task=tasks.purge_payloads.name)

    assert (task.crontab.hour, task.crontab.minute, str(task.crontab.timezone)) == (
        "3",
        "20",
        "America/Sao_Paulo",
    )


def test_event_without_a_body_is_not_replayed(seller: Seller) -> None:
    seller.told(payloads.raw("order_cod_created"), at=days_ago(91))
    retention.redact_expired_payloads()
    before = seller.states

    assert replay.replay(WebhookEvent.objects.all()) == 0
    assert seller.states == before


def test_next_batch_is_found_by_index(seller: Seller) -> None:
    make_event(seller.integration, state=EventState.DONE, received_at=days_ago(100))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute("DROP INDEX event_received")  # as good where all events have bodies

    plan = retention.expired_payloads().order_by("received_at").values("id")[:10].explain()

    assert "Index Scan using integrations_webhookevent_" in plan


def test_command_counts_and_then_removes(
    seller: Seller, capsys: pytest.CaptureFixture[str]
) -> None:
    seller.told(payloads.raw("order_cod_created"), at=days_ago(91))

    call_command("purge_payloads", dry_run=True)
    call_command("purge_payloads")
    call_command("purge_payloads")

    assert capsys.readouterr().out.splitlines() == [
        "Corpos com mais de 90 dias: 1",
        "Corpos com mais de 90 dias removidos: 1",
        "Corpos com mais de 90 dias removidos: 0",
    ]
