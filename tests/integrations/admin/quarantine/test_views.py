"""The quarantine by cause, and what is done to a group."""

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clients.models import Client
from flowzz.accounts.models import StaffAction
from integrations.admin.quarantine.views import address_of
from integrations.bulk_actions import bulk_jobs
from integrations.inbox import store
from integrations.models import BulkAction, EventFailure, EventState, StatusMapping, WebhookEvent
from sales.models import Sale, SaleStatusChange
from tests import payloads
from tests.integrations.sellers import Seller
from tests.staff import Staff, log_in_member

LIST = "/admin/quarentena"
CAUSE = "parser_fault:ValueError"
TABLES: tuple[type[Model], ...] = (
    WebhookEvent,
    EventFailure,
    Sale,
    SaleStatusChange,
    Client,
    StatusMapping,
    BulkAction,
)


@pytest.fixture
def seller(db: None) -> Seller:
    return Seller()


def quarantine(seller: Seller, *bodies: bytes | dict[str, Any], cause: str = CAUSE) -> None:
    seller.receive(*bodies)
    WebhookEvent.objects.filter(state=EventState.PENDING).update(
        state=EventState.QUARANTINED, reason=cause.partition(":")[0], cause=cause
    )


def everything() -> list[list[dict[str, Any]]]:
    return [list(model._default_manager.order_by("pk").values()) for model in TABLES]


def preview_on(page: Any, staff: Staff) -> Any:
    """The preview that a page asks for once it is shown."""
    [address] = re.findall(r'hx-get="(/admin/quarentena/previa[^"]+)"', page.content.decode())
    return staff.get(unescape(address))


def test_groups_are_counted_and_cost_the_same_however_many(staff: Staff, seller: Seller) -> None:
    seller.told(b"{", b"[")
    staff.get(LIST)
    with CaptureQueriesContext(connection) as few:
        page = staff.get(LIST)
    assert [(found["cause"], found["count"]) for found in page.context["groups"]] == [
        ("invalid_json", 2)
    ]
    for number in range(20):
        quarantine(seller, b"{", cause=f"parser_fault:Fault{number}Error")
    with CaptureQueriesContext(connection) as many:
        page = staff.get(LIST)
    assert len(page.context["groups"]) == 21
    assert len(many) == len(few)


def test_preview_tells_what_would_come_and_changes_nothing(staff: Staff, seller: Seller) -> None:
    seller.told(payloads.order("ord1"))
    quarantine(
        seller,
        payloads.order("ord1", order_status="Enviado"),
        payloads.order("ord2", order_status="Na moita"),
        payloads.order("ord1"),
        b"{",
    )
    before = everything()
    page = preview_on(staff.post(address_of(CAUSE), {"kind": "replay"}), staff)

    preview = page.context["preview"]
    assert preview.outcomes == {"updated": 1, "created": 1, "stale": 1, "quarantined": 1}
    assert (preview.covered, preview.total, preview.is_partial) == (4, 4, False)
    shown = {
        example.number: [(c.before, c.after) for c in example.changes]
        for example in preview.examples
    }
    assert ("Pago", "Enviado") in shown["ord1"]
    assert ("", "R$\xa0100,00") in shown["ord2"]
    assert [(figure["label"], figure["value"]) for figure in page.context["figures"]] == [
        ("Criaria", 1),
        ("Atualizaria", 1),
        ("Chegaria fora de ordem", 1),
        ("Continuaria em quarentena", 1),
    ]
    assert everything() == before


def test_confirmed_replay_begins_and_is_traced(staff: Staff, seller: Seller) -> None:
    quarantine(seller, payloads.order("ord1"))
    response = staff.post(
        address_of(CAUSE), {"kind": "replay", "confirm": "1", "reason": "Atendimento 77"}
    )

    action = BulkAction.objects.get()
    assert response["Location"] == reverse("backoffice:bulk", args=[action.id])
    assert (action.kind, action.total, action.reason) == ("replay", 1, "Atendimento 77")
    line = StaffAction.objects.get()
    assert (line.action, line.reason) == ("Reprocessou grupo da quarentena", "Atendimento 77")
    bulk_jobs.execute(action.id)
    progress = staff.get(reverse("backoffice:bulk_progress", args=[action.id])).content.decode()
    assert 'data-state="SUCCEEDED"' in progress
    assert "hx-get" not in progress  # it no longer asks for itself


@pytest.mark.parametrize("reason", ["", "ana@exemplo.com.br pediu"])
def test_group_is_not_discarded_without_a_reason_that_may_stay(
    staff: Staff, seller: Seller, reason: str
) -> None:
    quarantine(seller, b"{")
    staff.post(address_of(CAUSE), {"kind": "discard", "confirm": "1", "reason": reason})
    assert not BulkAction.objects.exists()


def test_group_of_nobody_is_assigned_by_email(staff: Staff, seller: Seller) -> None:
    quarantine(seller, payloads.order("ord1"), cause=store.UNROUTABLE)
    WebhookEvent.objects.update(integration=None)
    form = {"kind": "assign", "email": seller.email.upper()}

    page = preview_on(staff.post(address_of(store.UNROUTABLE), form), staff)
    assert page.context["preview"].outcomes == {"created": 1}
    staff.post(address_of(store.UNROUTABLE), form | {"confirm": "1"})
    assert BulkAction.objects.get().integration == seller.integration


def test_preview_needs_an_owner_of_the_events(staff: Staff, seller: Seller) -> None:
    quarantine(seller, payloads.order("ord1"), cause=store.UNROUTABLE)
    form = {"kind": "assign", "email": "ninguem@flowzz.test"}

    page = staff.post(address_of(store.UNROUTABLE), form)

    address = reverse("backoffice:quarantine_preview")
    assert address not in page.content.decode()
    assert "Nenhum usuário com este e-mail" in page.content.decode()
    asked = {"causa": store.UNROUTABLE, "email": form["email"]}
    assert staff.get(address, asked).status_code == 404


def test_support_replays_and_does_not_discard(seller: Seller) -> None:
    quarantine(seller, b"{")
    support = log_in_member("Suporte")

    form = {"kind": "discard", "confirm": "1", "reason": "Teste"}
    assert support.post(address_of(CAUSE), form).status_code == 403
    assert support.post(address_of(CAUSE), {"kind": "replay"}).status_code == 200


def test_action_is_cancelled_from_its_page(staff: Staff, seller: Seller) -> None:
    quarantine(seller, b"{")
    staff.post(address_of(CAUSE), {"kind": "replay", "confirm": "1"})
    action = BulkAction.objects.get()
    progress = reverse("backoffice:bulk_progress", args=[action.id])
    assert "Cancelar o que falta" in staff.get(progress).content.decode()
    staff.post(reverse("backoffice:bulk", args=[action.id]))
    assert BulkAction.objects.get().state == "CANCELLED"
    assert "Cancelar o que falta" not in staff.get(progress).content.decode()
