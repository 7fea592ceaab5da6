"""Quarantined events, replayed and discarded in the background."""

from collections import Counter
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from django.db import OperationalError
from django.utils import timezone

from flowzz.accounts.models import User
from flowzz.core.db.jobs import LEASE_DURATION, MAX_TAKEOVERS, JobState
from integrations.bulk_actions import bulk_jobs
from integrations.inbox import drain, store
from integrations.models import BulkAction, BulkKind, EventState, Integration, WebhookEvent
from integrations.tasks import enqueue_due_work
from integrations.webhooks import fallback_buffer
from integrations.webhooks.calls import BlockingCalls
from sales.models import Sale
from tests import payloads
from tests.factories import IntegrationFactory
from tests.integrations.admin.rows import make_event
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

CAUSE = "parser_fault:ValueError"


@pytest.fixture
def seller() -> Seller:
    return Seller()


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("equipe@flowzz.test")


def quarantine(seller: Seller, count: int, *, cause: str = CAUSE) -> None:
    """Quarantine valid orders, as a bug in the parser would."""
    seller.receive(*(payloads.order(f"ord{n:05}") for n in range(count)))
    WebhookEvent.objects.filter(state=EventState.PENDING).update(
        state=EventState.QUARANTINED, reason="parser_fault", cause=cause
    )


def failing_drain(error: type[BaseException]) -> Any:
    return mock.patch.object(fallback_buffer, "drain_in_order", side_effect=error)


def carry_out(action: BulkAction) -> BulkAction:
    while action.is_under_way:
        bulk_jobs.execute(action.id)
        action.refresh_from_db()
    return action


def test_group_of_1200_is_replayed_once_each(seller: Seller, staff: User) -> None:
    quarantine(seller, 1200)
    action, _ = bulk_jobs.request_action(BulkKind.REPLAY, CAUSE, by=staff)
    action = carry_out(action)

    figures = (action.state, action.total, action.processed, action.failed)
    assert figures == (JobState.SUCCEEDED, 1200, 1200, 0)
    assert action.outcomes == {"created": 1200}
    assert Counter(WebhookEvent.objects.values_list("state", "attempts")) == {("DONE", 1): 1200}
    assert Sale.objects.count() == 1200


def test_action_of_a_killed_worker_resumes_at_its_batch(seller: Seller, staff: User) -> None:
    quarantine(seller, 5)
    with mock.patch.object(bulk_jobs, "BATCH_EVENTS", 2):
        action, _ = bulk_jobs.request_action(BulkKind.REPLAY, CAUSE, by=staff)
        # The first batch is committed but not processed.
        with (
            mock.patch.object(fallback_buffer, "drain_in_order", side_effect=SystemExit),
            pytest.raises(SystemExit),
        ):
            bulk_jobs.execute(action.id)
        expire_lease()
        assert carry_out(action).outcomes == {"created": 5}
    assert [event.attempts for event in seller.events] == [1] * 5


def test_sweeper_enqueues_the_action_of_a_dead_worker(seller: Seller, staff: User) -> None:
    quarantine(seller, 1)
    action, _ = bulk_jobs.request_action(BulkKind.REPLAY, CAUSE, by=staff)
    BulkAction.objects.update(state=JobState.RUNNING, heartbeat_at=timezone.now())
    assert enqueued_by_sweeper() == []
    expire_lease()
    assert enqueued_by_sweeper() == [mock.call(str(action.id))]


def test_action_that_ends_its_workers_again_and_again_fails(seller: Seller, staff: User) -> None:
    quarantine(seller, 1)
    action, _ = bulk_jobs.request_action(BulkKind.REPLAY, CAUSE, by=staff)
    BulkAction.objects.update(state=JobState.RUNNING, takeovers=MAX_TAKEOVERS - 1)
    expire_lease()
    bulk_jobs.execute(action.id)
    action.refresh_from_db()
    assert (action.state, action.processed) == (JobState.FAILED, 0)


def enqueued_by_sweeper() -> list[Any]:
    with mock.patch("integrations.tasks.run_bulk_action.delay") as delay:
        enqueue_due_work()
    return delay.call_args_list


def expire_lease() -> None:
    BulkAction.objects.update(heartbeat_at=timezone.now() - 2 * LEASE_DURATION)


def test_long_action_gives_the_worker_to_other_jobs(seller: Seller, staff: User) -> None:
    quarantine(seller, 3)
    action, _ = bulk_jobs.request_action(BulkKind.REPLAY, CAUSE, by=staff)
    with (
        mock.patch.multiple(bulk_jobs, BATCH_EVENTS=1, MAX_SECONDS=0),
        mock.patch("integrations.dispatch.enqueue_bulk_action") as enqueue,
    ):
        bulk_jobs.execute(action.id)
    action.refresh_from_db()
    assert (action.state, action.processed, action.lease) == (JobState.QUEUED, 1, None)
    enqueue.assert_called_once_with(action.id)
    assert carry_out(action).outcomes == {"created": 3}


def test_action_is_retried_after_an_error(seller: Seller, staff: User) -> None:
    quarantine(seller, 1)
    action, _ = bulk_jobs.request_action(BulkKind.REPLAY, CAUSE, by=staff)
    with failing_drain(RuntimeError):
        bulk_jobs.execute(action.id)
    action.refresh_from_db()
    assert (action.state, action.attempts, action.error) == (JobState.QUEUED, 1, "RuntimeError")
    BulkAction.objects.update(not_before=None)
    assert carry_out(action).outcomes == {"created": 1}


def test_replay_applies_no_webhook_before_one_that_is_buffered_meanwhile(
    seller: Seller, staff: User
) -> None:
    """One web process may still buffer what it receives while another one stores."""
    quarantine(seller, 1)
    action, _ = bulk_jobs.request_action(BulkKind.REPLAY, CAUSE, by=staff)
    first, second = (
        payloads.encode(payloads.order(order_status=word)) for word in ("Pendente", "Aprovado")
    )
    read = drain.next_batch

    def buffer_meanwhile(integration: Integration) -> list[WebhookEvent]:
        with mock.patch.object(BlockingCalls, "find_owners", side_effect=OperationalError):
            seller.post(first)
        seller.post(second)
        return read(integration)

    with mock.patch.object(drain, "next_batch", buffer_meanwhile):
        bulk_jobs.execute(action.id)
    action.refresh_from_db()
    assert (action.state, action.lease, action.error) == (JobState.QUEUED, None, "")
    assert not Sale.objects.exists()

    action = carry_out(action)
    assert (action.state, action.outcomes) == (JobState.SUCCEEDED, {"created": 1})
    changes = seller.sale().status_changes.values_list("from_status", "to_status")
    assert list(changes) == [("", "PENDING"), ("PENDING", "PAID")]


def test_batch_of_a_cancelled_action_is_counted(seller: Seller, staff: User) -> None:
    quarantine(seller, 2)
    action, _ = bulk_jobs.request_action(BulkKind.REPLAY, CAUSE, by=staff)
    original = fallback_buffer.drain_in_order

    def cancel_and_drain(integration_id: UUID) -> drain.DrainedBatch:
        bulk_jobs.cancel(action.id)
        return original(integration_id)

    with (
        mock.patch.object(bulk_jobs, "BATCH_EVENTS", 1),
        mock.patch.object(fallback_buffer, "drain_in_order", cancel_and_drain),
    ):
        bulk_jobs.execute(action.id)
    action.refresh_from_db()
    assert (action.state, action.outcomes) == (JobState.CANCELLED, {"created": 1})
    assert sorted(seller.states) == [("DONE", "created"), ("QUARANTINED", "parser_fault")]


def test_event_that_fails_again_is_counted_and_not_retried(seller: Seller, staff: User) -> None:
    seller.process(b"{", b"[")
    action = carry_out(bulk_jobs.request_action(BulkKind.REPLAY, "invalid_json", by=staff)[0])
    assert (action.processed, action.failed, action.outcomes) == (2, 2, {"quarantined": 2})
    assert [event.attempts for event in seller.events] == [1, 1]


def test_events_after_the_request_are_left_unchanged(seller: Seller, staff: User) -> None:
    quarantine(seller, 1)
    action, _ = bulk_jobs.request_action(BulkKind.DISCARD, CAUSE, by=staff, reason="Teste")
    seller.receive(b"later")
    WebhookEvent.objects.filter(state="PENDING").update(state="QUARANTINED", cause=CAUSE)

    assert carry_out(action).outcomes == {"discarded": 1}
    assert seller.states == [("IGNORED", "discarded"), ("QUARANTINED", "")]
    assert seller.events[0].error == "Teste"


def test_second_action_for_a_cause_joins_the_first(seller: Seller, staff: User) -> None:
    quarantine(seller, 1)
    first, is_first_new = bulk_jobs.request_action(BulkKind.REPLAY, CAUSE, by=staff)
    second, is_second_new = bulk_jobs.request_action(BulkKind.DISCARD, CAUSE, by=staff)
    assert (second.id, is_first_new, is_second_new) == (first.id, True, False)


def test_cancelled_action_stops(seller: Seller, staff: User) -> None:
    quarantine(seller, 1)
    action, _ = bulk_jobs.request_action(BulkKind.REPLAY, CAUSE, by=staff)
    assert bulk_jobs.cancel(action.id)
    assert not bulk_jobs.cancel(action.id)
    assert carry_out(action).state == JobState.CANCELLED
    assert seller.states == [("QUARANTINED", "parser_fault")]


def test_unowned_events_are_assigned_to_an_integration(staff: User) -> None:
    integration = IntegrationFactory.create()
    body = payloads.encode(payloads.order("ordsemdono"))
    make_event(None, body=body, state=EventState.QUARANTINED, cause=store.UNROUTABLE)
    action, _ = bulk_jobs.request_action(
        BulkKind.ASSIGN, store.UNROUTABLE, by=staff, integration=integration
    )
    assert carry_out(action).outcomes == {"created": 1}
    assert Sale.objects.get().user == integration.user
