"""Groups of the quarantine, replayed and discarded in the background."""

from collections import Counter
from datetime import timedelta
from unittest import mock

import pytest
from django.utils import timezone

from flowzz.accounts.models import User
from integrations.bulk_actions import bulk_jobs
from integrations.inbox import drain, replay, store
from integrations.inbox.failure_reasons import cause_of
from integrations.models import BulkAction, BulkKind, BulkState, EventState, WebhookEvent
from integrations.tasks import sweep
from sales.models import Sale
from tests import payloads
from tests.factories import IntegrationFactory
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
    """Put good orders aside, as if a fault of ours had refused them."""
    seller.receive(*(payloads.order(f"ord{n:05}") for n in range(count)))
    WebhookEvent.objects.filter(state=EventState.PENDING).update(
        state=EventState.QUARANTINED, reason="parser_fault", cause=cause
    )


def carry_out(action: BulkAction) -> BulkAction:
    while bulk_jobs.step(action.id):
        pass
    action.refresh_from_db()
    return action


@pytest.mark.parametrize(
    ("reason", "error", "cause"),
    [
        ("invalid_json", "O corpo não é um JSON válido (linha 3, coluna 9).", "invalid_json"),
        ("invalid_money", "order.order_final_price: valor inválido; o formato esperado é 1234.56.",
         "invalid_money:order.order_final_price"),
        ("attempts_exhausted", "Falhou 5 vezes; a última com IntegrityError.",
         "attempts_exhausted:IntegrityError"),
        ("unroutable", "Nenhuma integração pode ser a dona.", "unroutable"),
    ],
)  # fmt: skip
def test_cause_is_the_error_and_its_place(reason: str, error: str, cause: str) -> None:
    assert cause_of(reason, error) == cause


def test_failures_are_kept_and_grouped(seller: Seller) -> None:
    seller.told(b"{", b"[", payloads.order("ord1", order_final_price="caro"))

    assert [event.cause for event in seller.events] == [
        "invalid_json",
        "invalid_json",
        "invalid_money:order.order_final_price",
    ]
    failure = seller.events[2].failures.get()
    assert (failure.attempt, failure.reason) == (1, "invalid_money")
    assert failure.error == seller.events[2].error


def test_replayed_event_leaves_its_group_and_keeps_its_failures(seller: Seller) -> None:
    seller.told(b"{")
    replay.replay(WebhookEvent.objects.all())
    assert seller.events[0].cause == ""
    seller.drain()
    assert seller.events[0].cause == "invalid_json"
    assert seller.events[0].failures.count() == 2


def test_group_of_1200_is_replayed_once_each(seller: Seller, staff: User) -> None:
    quarantine(seller, 1200)
    action, _ = bulk_jobs.start(BulkKind.REPLAY, CAUSE, by=staff)
    action = carry_out(action)

    assert (action.state, action.total, action.done, action.failed) == ("DONE", 1200, 1200, 0)
    assert action.outcomes == {"created": 1200}
    assert Counter(WebhookEvent.objects.values_list("state", "attempts")) == {("DONE", 1): 1200}
    assert Sale.objects.count() == 1200


def test_killed_between_its_steps_it_goes_on(seller: Seller, staff: User) -> None:
    quarantine(seller, 5)
    with mock.patch.object(bulk_jobs, "BATCH", 2):
        action, _ = bulk_jobs.start(BulkKind.REPLAY, CAUSE, by=staff)
        bulk_jobs.step(action.id)  # two are taken, and the worker dies
        with mock.patch.object(drain, "drain", side_effect=SystemExit), pytest.raises(SystemExit):
            bulk_jobs.step(action.id)
        assert carry_out(action).outcomes == {"created": 5}
    assert [event.attempts for event in seller.events] == [1] * 5


def test_sweeper_takes_up_what_a_dead_worker_left(seller: Seller, staff: User) -> None:
    quarantine(seller, 1)
    action, _ = bulk_jobs.start(BulkKind.REPLAY, CAUSE, by=staff)
    assert bulk_jobs.claimable_ids() == []
    BulkAction.objects.update(updated_at=timezone.now() - bulk_jobs.SILENCE - timedelta(seconds=1))
    with mock.patch("integrations.tasks.run_bulk.delay") as delay:
        sweep()
    delay.assert_called_once_with(str(action.id))


def test_what_fails_again_is_counted_and_not_tried_again(seller: Seller, staff: User) -> None:
    seller.told(b"{", b"[")
    action = carry_out(bulk_jobs.start(BulkKind.REPLAY, "invalid_json", by=staff)[0])
    assert (action.done, action.failed, action.outcomes) == (2, 2, {"quarantined": 2})
    assert [event.attempts for event in seller.events] == [1, 1]


def test_what_came_after_the_asking_is_left_alone(seller: Seller, staff: User) -> None:
    quarantine(seller, 1)
    action, _ = bulk_jobs.start(BulkKind.DISCARD, CAUSE, by=staff, reason="Teste do cliente")
    seller.receive(b"later")
    WebhookEvent.objects.filter(state="PENDING").update(state="QUARANTINED", cause=CAUSE)

    assert carry_out(action).outcomes == {"discarded": 1}
    assert seller.states == [("IGNORED", "discarded"), ("QUARANTINED", "")]
    assert seller.events[0].error == "Teste do cliente"


def test_same_group_is_never_worked_at_twice(seller: Seller, staff: User) -> None:
    quarantine(seller, 1)
    first, is_first_new = bulk_jobs.start(BulkKind.REPLAY, CAUSE, by=staff)
    second, is_second_new = bulk_jobs.start(BulkKind.DISCARD, CAUSE, by=staff)
    assert (second.id, is_first_new, is_second_new) == (first.id, True, False)


def test_cancelled_action_stops(seller: Seller, staff: User) -> None:
    quarantine(seller, 1)
    action, _ = bulk_jobs.start(BulkKind.REPLAY, CAUSE, by=staff)
    assert bulk_jobs.cancel(action.id)
    assert not bulk_jobs.cancel(action.id)
    assert carry_out(action).state == BulkState.CANCELLED
    assert seller.states == [("QUARANTINED", "parser_fault")]


def test_events_of_nobody_are_given_to_an_integration(staff: User) -> None:
    integration = IntegrationFactory.create()
    body = payloads.encode(payloads.order("ordsemdono"))
    WebhookEvent.objects.create(
        provider=integration.provider,
        body=body,
        body_hash=b"1",
        state=EventState.QUARANTINED,
        cause=store.UNROUTABLE,
    )
    action, _ = bulk_jobs.start(
        BulkKind.ASSIGN, store.UNROUTABLE, by=staff, integration=integration
    )
    assert carry_out(action).outcomes == {"created": 1}
    assert Sale.objects.get().user == integration.user
