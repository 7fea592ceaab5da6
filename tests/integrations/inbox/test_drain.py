"""A drain processes due events in batches."""

from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, connection
from django.utils import timezone

from integrations.inbox import drain
from integrations.models import Integration, WebhookEvent
from integrations.providers.coinzz.adapter import CoinzzReader
from sales.models import Sale
from tests import payloads
from tests.benchmarks.orders import bodies
from tests.integrations.inbox.failing import FailingIngest, process_failing
from tests.integrations.sellers import Seller
from tests.log_lines import capture, lines_of

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)
CREATED = ("DONE", "created")


def test_batch_ends_at_its_limit_of_bytes(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = [payloads.encode(payloads.order(f"ord{n}")) for n in range(5)]
    monkeypatch.setattr(drain, "BATCH_BYTES", len(bodies[0]) + 1)
    seller.receive(*bodies, received_at=NOON)

    assert [drain.drain_batch(seller.integration.id).size for _ in range(4)] == [2, 2, 1, 0]
    assert seller.states == [CREATED] * 5


def test_body_larger_than_the_limit_is_a_batch_of_its_own(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "BATCH_BYTES", 1)
    seller.receive(payloads.order("orda"), payloads.order("ordb"))

    assert [drain.drain_batch(seller.integration.id).size for _ in range(3)] == [1, 1, 0]


def test_each_event_is_logged_with_its_order_and_status_word(
    seller: Seller, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", drain.__name__)

    with capture() as stream:
        seller.process(payloads.order("orda", order_status="Aprovado"), b"{}")

    names = ("event_id", "external_id", "status_word", "result")
    lines = lines_of(stream, "event_processed")
    logged = {tuple(line[name] for name in names) for line in lines}
    valid, invalid = seller.events
    assert logged == {
        (str(valid.id), "orda", "aprovado", "created"),
        (str(invalid.id), "", "", "QUARANTINED"),
    }


def test_same_order_of_two_sellers_is_two_sales(seller: Seller) -> None:
    other = Seller(email="outra@flowzz.test")
    seller.process(payloads.raw("order_cod_created"))
    other.process(payloads.raw("order_cod_created"))

    assert other.states == [CREATED]
    assert seller.sale("ordaaaaa").client != other.sale("ordaaaaa").client
    assert seller.sale("ordaaaaa").user_id == seller.integration.user_id


def test_event_is_not_retried_before_its_next_attempt(seller: Seller) -> None:
    process_failing(seller, FailingIngest("ord1", ZeroDivisionError()), payloads.order("ord1"))

    seller.drain()
    assert drain.integrations_with_work() == []
    assert seller.events[0].attempts == 1

    WebhookEvent.objects.update(next_attempt_at=timezone.now())
    assert drain.integrations_with_work() == [seller.integration.id]
    seller.drain()
    assert seller.states == [CREATED]


@pytest.mark.parametrize("error", [OperationalError, SoftTimeLimitExceeded])
def test_lost_database_and_end_of_time_leave_events_unchanged(
    seller: Seller, error: type[Exception]
) -> None:
    seller.receive(payloads.order("ord1"), payloads.order("ord2"))

    with pytest.raises(error):
        process_failing(seller, FailingIngest("ord2", error()))

    assert seller.states == [("PENDING", ""), ("PENDING", "")]
    assert not Sale.objects.exists()


def test_event_that_is_read_when_the_tasks_time_ends_is_not_quarantined(seller: Seller) -> None:
    seller.receive(payloads.order())
    parse = mock.patch.object(CoinzzReader, "parse_webhook", side_effect=SoftTimeLimitExceeded)

    with parse, pytest.raises(SoftTimeLimitExceeded):
        seller.drain()

    assert seller.states == [("PENDING", "")]


def test_drain_updates_the_last_webhook_and_the_count_of_sales(seller: Seller) -> None:
    seller.process(payloads.order("ord1"), received_at=NOON)
    seller.process(payloads.order("ord2"), received_at=NOON - timedelta(hours=1))

    seller.integration.refresh_from_db()
    assert seller.integration.last_webhook_at == NOON
    assert seller.integration.sales_synced == 2


def test_longest_waiting_integration_comes_first_and_a_paused_one_has_no_work(
    seller: Seller,
) -> None:
    later, paused = Seller("depois@flowzz.test"), Seller("pausada@flowzz.test")
    Integration.objects.filter(id=paused.integration.id).update(paused_at=NOON)
    later.receive(payloads.order("ord1"), received_at=NOON)
    for one in (seller, paused):
        one.receive(payloads.order("ord1"), received_at=NOON - timedelta(hours=1))

    ids = [one.integration.id for one in (seller, later, paused)]
    assert drain.integrations_with_work() == ids[:2]
    assert [drain.has_work(id_) for id_ in ids] == [True, True, False]


_PLANS = """
    SELECT count(*), sum(custom_plans) FROM pg_prepared_statements
    WHERE statement ~ '^\\s*(INSERT|UPDATE)'
"""


def test_statements_of_small_batches_are_planned_once(seller: Seller) -> None:
    """Planned for each batch anew, they took PostgreSQL twice the time of their execution."""

    def drain_and_count(*orders: bytes) -> tuple[int, int]:
        seller.receive(*orders)
        seller.drain()
        with connection.cursor() as cursor:
            cursor.execute(_PLANS)
            count, custom = cursor.fetchone()
        return count, int(custom)

    first, second, third = bodies(3)
    planned, custom = drain_and_count(first)
    assert planned
    assert drain_and_count(second, third) == (planned, custom)
    assert custom == 0
