"""The lists of what happened to a user's integration, and the replay of events."""

from datetime import timedelta
from typing import Any

import pytest

from flowzz.core.db.jobs import JobState
from integrations.models import Alert, AlertKind, SalesImport, WebhookPayload
from tests import payloads
from tests.api_client import Frontend, error, invalid, status_and_body
from tests.factories import NOON, IntegrationFactory, SyncRunFactory
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db
EVENTS, SYNCS = "integrations/coinzz/events", "integrations/coinzz/syncs"
NOT_REPLAYABLE = error(
    "EVENT_NOT_REPLAYABLE",
    "Só um evento em quarentena, cujo conteúdo ainda está guardado, pode ser reprocessado.",
)


@pytest.fixture
def seller() -> Seller:
    """A seller with an event that was applied and a later one in quarantine."""
    seller = Seller()
    seller.process(payloads.order("ord1"), received_at=NOON)
    unreadable = payloads.order("ord2", order_final_price="1.234")
    seller.process(unreadable, received_at=NOON + timedelta(hours=1))
    return seller


@pytest.fixture
def frontend(seller: Seller) -> Frontend:
    return Frontend(seller.integration.user)


@pytest.fixture
def other() -> Frontend:
    """Another user with an integration of the same provider."""
    return Frontend(IntegrationFactory.create().user)


def rows(response: Any) -> list[Any]:
    assert response.status_code == 200, response.content
    data: list[Any] = response.json()["data"]
    return data


def test_events_are_listed_with_outcome_and_reason(
    frontend: Frontend, seller: Seller, other: Frontend
) -> None:
    applied, quarantined = seller.events
    assert rows(frontend.fetch(EVENTS, fields="id,receivedAt,kind,externalId,state,outcome")) == [
        {
            "id": str(quarantined.id),
            "receivedAt": "2026-03-02T13:00:00-03:00",
            "kind": "ORDER",
            "externalId": "ord2",
            "state": "QUARANTINED",
            "outcome": "",
        },
        {
            "id": str(applied.id),
            "receivedAt": "2026-03-02T12:00:00-03:00",
            "kind": "ORDER",
            "externalId": "ord1",
            "state": "DONE",
            "outcome": "CREATED",
        },
    ]
    reasons = rows(frontend.fetch(EVENTS, fields="reason,explanation,warnings"))
    assert reasons == [
        {
            "reason": "ambiguous_money",
            "explanation": "O valor tem dois sentidos (1.234) (order.order_final_price)",
            "warnings": [],
        },
        {"reason": "", "explanation": None, "warnings": []},
    ]
    assert rows(other.fetch(EVENTS)) == []


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"state": "QUARANTINED,RETRY"}, ["ord2"]),
        ({"outcome": "CREATED"}, ["ord1"]),
        ({"kind": "SUBSCRIPTION"}, []),
        ({"externalId": "ord1"}, ["ord1"]),
        ({"dateFrom": "2026-03-02T12:30:00-03:00"}, ["ord2"]),
        ({"ordering": "receivedAt"}, ["ord1", "ord2"]),
    ],
)
def test_events_are_filtered(frontend: Frontend, query: Any, numbers: list[str]) -> None:
    assert [row["externalId"] for row in rows(frontend.fetch(EVENTS, **query))] == numbers


def test_lists_without_changes_have_no_order_by_changes(frontend: Frontend) -> None:
    reason = "Use -receivedAt ou receivedAt."
    assert frontend.fetch(EVENTS, ordering="updatedAt").json() == invalid("ordering", reason)


def test_quarantined_event_is_replayed_by_its_owner(
    frontend: Frontend, seller: Seller, other: Frontend
) -> None:
    applied, quarantined = seller.events
    path = f"{EVENTS}/{quarantined.id}/replay"
    assert other.send(path).status_code == 404

    replayed = frontend.send(path).json()

    assert replayed["message"] == "Evento na fila para ser reprocessado"
    assert (replayed["data"]["state"], replayed["data"]["reason"]) == ("PENDING", "")
    assert status_and_body(frontend.send(path)) == (409, NOT_REPLAYABLE)
    assert status_and_body(frontend.send(f"{EVENTS}/{applied.id}/replay")) == (409, NOT_REPLAYABLE)
    seller.drain()
    assert seller.states[1] == ("QUARANTINED", "ambiguous_money")


def test_event_without_a_body_is_not_replayed(frontend: Frontend, seller: Seller) -> None:
    WebhookPayload.objects.all().delete()
    answer = frontend.send(f"{EVENTS}/{seller.events[1].id}/replay")
    assert status_and_body(answer) == (409, NOT_REPLAYABLE)


def test_sync_runs_are_listed(frontend: Frontend, seller: Seller, other: Frontend) -> None:
    run = SyncRunFactory.create(
        integration=seller.integration, state=JobState.FAILED, error="Fora do ar.", missed=2
    )
    (row,) = rows(frontend.fetch(SYNCS))
    assert (row["id"], row["state"], row["trigger"]) == (str(run.id), "FAILED", "USER")
    assert (row["error"], row["missed"], row["full"]) == ("Fora do ar.", 2, False)
    assert rows(other.fetch(SYNCS)) == []


def test_imports_are_listed(frontend: Frontend, seller: Seller, other: Frontend) -> None:
    SalesImport.objects.create(integration=seller.integration, file_name="a.csv", created=3)
    (row,) = rows(frontend.fetch("sales/import"))
    assert (row["fileName"], row["state"], row["salesCreated"]) == ("a.csv", "QUEUED", 3)
    assert rows(other.fetch("sales/import")) == []


def test_alerts_for_the_seller_are_listed(
    frontend: Frontend, seller: Seller, other: Frontend
) -> None:
    for kind, text, resolved_at in [
        (AlertKind.KEY_REFUSED, "Conecte de novo.", None),
        (AlertKind.SYNC_LATE, "Sem novidades.", NOON),
        (AlertKind.QUEUE_LATE, "", None),  # for staff alone
    ]:
        Alert.objects.create(
            integration=seller.integration,
            kind=kind,
            message="Para a equipe.",
            seller_message=text,
            resolved_at=resolved_at,
        )
    (row,) = rows(frontend.fetch("alerts", open="true"))
    assert (row["kind"], row["title"]) == ("KEY_REFUSED", "Chave de API recusada")
    assert (row["message"], row["resolvedAt"]) == ("Conecte de novo.", None)
    assert [row["kind"] for row in rows(frontend.fetch("alerts"))] == ["SYNC_LATE", "KEY_REFUSED"]
    assert rows(other.fetch("alerts")) == []
