"""Payloads past retention are deleted; what they produced stays."""

from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from pytest_django.fixtures import Settings

from flowzz.core.db import partitions
from integrations import tasks
from integrations.inbox import replay, retention
from integrations.models import EventFailure, EventState, WebhookEvent, WebhookPayload
from integrations.models.events import EVENTS, PAYLOADS
from integrations.runtime_settings import PAYLOAD_RETENTION
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


def test_old_payload_is_deleted_and_what_it_produced_stays(seller: Seller) -> None:
    seller.process(payloads.raw("order_cod_created"), received_at=days_ago(92))
    sale, history = Sale.objects.values().get(), list(SaleStatusChange.objects.values())
    event = WebhookEvent.objects.values().get()

    retention.delete_expired_payloads()

    assert (seller.events[0].body, seller.events[0].headers) == (None, {})
    assert WebhookEvent.objects.values().get() == event
    assert Sale.objects.values().get() == sale
    assert list(SaleStatusChange.objects.values()) == history


def test_age_is_counted_in_whole_days_from_arrival(seller: Seller, settings: Settings) -> None:
    settings.PAYLOAD_RETENTION = timedelta(days=10)
    seller.process(payloads.order("ordolder"), received_at=days_ago(11))
    seller.process(payloads.order("ordnewer"), received_at=days_ago(9.99))

    retention.delete_expired_payloads()

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
@pytest.mark.parametrize("has_partition", [True, False])
def test_only_unfinished_events_keep_their_payloads(
    seller: Seller, state: EventState, is_kept: bool, *, has_partition: bool
) -> None:
    if has_partition:
        PAYLOADS.create_ahead(days_ago(400))
    make_event(seller.integration, state=state, received_at=days_ago(400))
    connection.check_constraints()  # ALTER TABLE refuses to run while checks are pending

    retention.delete_expired_payloads()

    assert (seller.events[0].body is not None) is is_kept
    assert seller.events[0].state == state


def test_retained_payload_is_deleted_after_its_event_has_finished(seller: Seller) -> None:
    PAYLOADS.create_ahead(days_ago(400))
    make_event(seller.integration, state=EventState.RETRY, received_at=days_ago(400))
    connection.check_constraints()
    retention.delete_expired_payloads()
    assert seller.events[0].body is not None

    WebhookEvent.objects.update(state=EventState.DONE)
    retention.delete_expired_payloads()

    assert seller.events[0].body is None


def test_expired_days_are_dropped_whole(seller: Seller) -> None:
    PAYLOADS.create_ahead(days_ago(400))
    old = {partition.name for partition in PAYLOADS.partitions()}
    make_event(seller.integration, state=EventState.DONE, received_at=days_ago(400))
    connection.check_constraints()

    assert retention.delete_expired_payloads() == PAYLOADS.ahead + 1

    left = {partition.name for partition in PAYLOADS.partitions()}
    assert len(old - left) == PAYLOADS.ahead + 1
    assert retention.delete_expired_payloads() == 0


def test_nightly_task_deletes_payloads_and_creates_partitions(seller: Seller) -> None:
    make_event(seller.integration, state=EventState.DONE, received_at=days_ago(100))
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {PAYLOADS.partitions()[-1].name}")
    before = len(PAYLOADS.partitions())

    tasks.delete_expired_payloads()

    assert not WebhookPayload.objects.exists()
    assert len(PAYLOADS.partitions()) == before + 1


def test_nightly_task_deletes_payloads_after_it_has_not_run_for_a_while(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_event(seller.integration, state=EventState.DONE, received_at=timezone.now())
    later = timezone.now() + (PAYLOADS.ahead + 3) * timedelta(days=1)
    make_event(seller.integration, state=EventState.DONE, received_at=later)
    connection.check_constraints()
    monkeypatch.setattr(retention, "read_clock", lambda: later)
    tasks.delete_expired_payloads()
    assert WebhookPayload.objects.count() == 2

    much_later = later + PAYLOAD_RETENTION.value() + timedelta(days=1)
    monkeypatch.setattr(retention, "read_clock", lambda: much_later)
    tasks.delete_expired_payloads()

    assert not WebhookPayload.objects.exists()


@pytest.mark.parametrize(
    ("state", "is_kept"),
    [
        (EventState.PENDING, True),
        (EventState.RETRY, True),
        (EventState.QUARANTINED, True),
        (EventState.DONE, False),
        (EventState.IGNORED, False),
    ],
)
@pytest.mark.parametrize("has_partition", [True, False])
def test_only_unresolved_events_stay_past_retention(
    seller: Seller, state: EventState, is_kept: bool, *, has_partition: bool
) -> None:
    if has_partition:
        EVENTS.create_ahead(days_ago(500))
    old = make_event(seller.integration, state=state, received_at=days_ago(500))
    new = make_event(seller.integration, state=state, received_at=days_ago(360))
    for event in (old, new):
        EventFailure.objects.create(event=event, attempt=1, reason="a", error="b")
    connection.check_constraints()

    tasks.delete_old_records()

    kept = [old.id, new.id] if is_kept else [new.id]
    assert [event.id for event in seller.events] == kept
    assert set(EventFailure.objects.values_list("event_id", flat=True)) == set(kept)


def test_unresolved_events_are_found_without_reading_the_others(seller: Seller) -> None:
    """The table is locked meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {EVENTS.name} (id, integration_id, provider, body_size, body_hash, state,
                reason, error, kind, external_id, outcome, attempts, is_replay)
            SELECT uuidv7(), %s, 'coinzz', 1, '', 'DONE', '', '', '', '', '', 1, false
            FROM generate_series(1, 5000)
            """,
            [seller.integration.id],
        )
        cursor.execute(f"ANALYZE {EVENTS.name}")
        partition = f"{EVENTS.name}_{timezone.now():%Y%m}"
        cursor.execute(f"EXPLAIN SELECT * FROM {partition} WHERE {retention._UNRESOLVED}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan" not in plan


def test_retained_event_is_deleted_after_it_is_resolved(seller: Seller) -> None:
    EVENTS.create_ahead(days_ago(500))
    make_event(seller.integration, state=EventState.QUARANTINED, received_at=days_ago(500))
    connection.check_constraints()
    assert retention.delete_old_events() == EVENTS.ahead + 1
    assert len(seller.events) == 1

    replay.discard(WebhookEvent.objects.all(), "não é nosso")
    assert retention.delete_old_events() == 0

    assert seller.events == []


def test_retention_of_records_is_a_setting(seller: Seller, settings: Settings) -> None:
    settings.RECORD_RETENTION = timedelta(days=200)
    make_event(seller.integration, state=EventState.DONE, received_at=days_ago(250))
    connection.check_constraints()

    retention.delete_old_events()

    assert seller.events == []


def test_task_is_in_the_schedule() -> None:
    task = PeriodicTask.objects.get(task=tasks.delete_expired_payloads.name)

    assert (task.crontab.hour, task.crontab.minute, str(task.crontab.timezone)) == (
        "3",
        "20",
        "America/Sao_Paulo",
    )


def test_event_without_a_body_is_not_replayed(seller: Seller) -> None:
    seller.process(payloads.raw("order_cod_created"), received_at=days_ago(92))
    retention.delete_expired_payloads()
    before = seller.states

    assert replay.replay(WebhookEvent.objects.all()) == 0
    assert seller.states == before


def test_command_counts_and_then_deletes(
    seller: Seller, capsys: pytest.CaptureFixture[str]
) -> None:
    seller.process(payloads.raw("order_cod_created"), received_at=days_ago(92))

    call_command("purge_payloads", dry_run=True)
    call_command("purge_payloads")
    call_command("purge_payloads")

    assert capsys.readouterr().out.splitlines() == [
        "Corpos com mais de 90 dias: 1",
        "Corpos com mais de 90 dias removidos: 1",
        "Corpos com mais de 90 dias removidos: 0",
    ]


@pytest.mark.django_db(transaction=True)
def test_table_that_a_dump_has_locked_delays_its_own_retention_alone(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "_LOCK_TIMEOUT", "SET LOCAL lock_timeout = '50ms'")
    unrouted = {"integration": None, "provider": "coinzz", "received_at": days_ago(8)}
    WebhookEvent.objects.create(**unrouted, body_hash=b"")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {PAYLOADS.partitions()[-1].name}")
    dump = connection.copy()
    try:
        with dump.cursor() as cursor:
            cursor.execute(f"BEGIN; LOCK TABLE {PAYLOADS.name} IN ACCESS SHARE MODE")
        with pytest.raises(OperationalError):
            tasks.delete_expired_payloads()
    finally:
        dump.close()

    assert not WebhookEvent.objects.exists()
    assert OperationalError in tasks.delete_expired_payloads.autoretry_for
    tasks.delete_expired_payloads()
