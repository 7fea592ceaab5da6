"""The quarantine by cause, and the actions on the events of a cause."""

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
from flowzz.backoffice.display import change_url, list_url
from integrations.admin.quarantine import quarantine_url
from integrations.bulk_actions import bulk_jobs
from integrations.inbox import store
from integrations.models import BulkAction, EventFailure, EventState, StatusMapping, WebhookEvent
from sales.models import Sale, SaleStatusChange
from tests import payloads
from tests.integrations.sellers import Seller
from tests.staff import Staff, log_in_member

QUARANTINE = "/admin/quarentena"
CAUSE = "parser_fault:ValueError"
GROUP = quarantine_url("quarantine_group", causa=CAUSE)
UNROUTABLE_GROUP = quarantine_url("quarantine_group", causa=store.UNROUTABLE)
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


def all_rows() -> list[list[dict[str, Any]]]:
    return [list(model._default_manager.order_by("pk").values()) for model in TABLES]


def load_preview(page: Any, staff: Staff) -> Any:
    """Load the preview as the page does."""
    [url] = re.findall(r'hx-get="(/admin/quarentena/previa[^"]+)"', page.content.decode())
    return staff.get(unescape(url))


def test_causes_are_counted_in_a_constant_number_of_statements(
    staff: Staff, seller: Seller
) -> None:
    seller.process(b"{", b"[")
    staff.get(QUARANTINE)
    with CaptureQueriesContext(connection) as few:
        page = staff.get(QUARANTINE)
    assert [(cause.cause, cause.count) for cause in page.context["causes"]] == [("invalid_json", 2)]
    for number in range(20):
        quarantine(seller, b"{", cause=f"parser_fault:Fault{number}Error")
    with CaptureQueriesContext(connection) as many:
        page = staff.get(QUARANTINE)
    assert len(page.context["causes"]) == 21
    assert len(many) == len(few)


def test_warnings_are_counted_and_link_to_their_events_and_sales(
    staff: Staff, seller: Seller
) -> None:
    quantity, name = "invalid_number:order.order_quantity", "not_a_text:client.client_name"
    client = {"client_name": ["Ana"]}
    seller.process(
        payloads.order("ord1", order_quantity="dois"),
        payloads.order("ord1", order_quantity="três"),
        payloads.order("ord2", order_quantity="dois", client=client),
        payloads.order("ord3"),
    )

    counts = staff.get(QUARANTINE).context["warnings"]

    assert [(count.cause, count.events, count.sales) for count in counts] == [
        (quantity, 3, 2),
        (name, 1, 1),
    ]
    events = staff.get(counts[1].events_url).context["cl"].result_list
    sales = staff.get(counts[1].sales_url).context["cl"].result_list
    assert [event.external_id for event in events] == ["ord2"]
    assert [sale.external_id for sale in sales] == ["ord2"]
    any_warning = staff.get(list_url(Sale, aviso="*")).context["cl"].result_list
    assert {sale.external_id for sale in any_warning} == {"ord1", "ord2"}


@pytest.mark.parametrize("model", [WebhookEvent, Sale])
def test_page_names_its_warnings_in_portuguese(
    staff: Staff, seller: Seller, model: type[Model]
) -> None:
    seller.process(payloads.order(order_quantity="dois"))

    page = staff.get(change_url(model._default_manager.get()))

    text = "Um número não pode ser lido (order.order_quantity)"
    assert page.content.decode().count(f"<ul><li>{text}</li></ul>") == 1


def test_preview_counts_outcomes_and_changes_nothing(staff: Staff, seller: Seller) -> None:
    seller.process(payloads.order("ord1"))
    quarantine(
        seller,
        payloads.order("ord1", order_status="Enviado"),
        payloads.order("ord2", order_status="Na moita"),
        payloads.order("ord1"),
        b"{",
    )
    before = all_rows()
    page = load_preview(staff.post(GROUP, {"kind": "replay"}), staff)

    preview = page.context["preview"]
    assert preview.outcomes == {"updated": 1, "created": 1, "stale": 1, "quarantined": 1}
    assert (preview.covered, preview.total, preview.is_partial) == (4, 4, False)
    shown = {
        example.number: [(c.before, c.after) for c in example.changes]
        for example in preview.examples
    }
    assert ("Pago", "Enviado") in shown["ord1"]
    assert ("", "R$\xa0100,00") in shown["ord2"]
    assert [(figure.label, figure.value) for figure in page.context["figures"]] == [
        ("Criaria", 1),
        ("Atualizaria", 1),
        ("Chegaria fora de ordem", 1),
        ("Continuaria em quarentena", 1),
    ]
    assert all_rows() == before


def test_confirmed_replay_is_started_and_logged(staff: Staff, seller: Seller) -> None:
    quarantine(seller, payloads.order("ord1"))
    response = staff.post(GROUP, {"kind": "replay", "confirm": "1", "reason": "Atendimento 77"})

    action = BulkAction.objects.get()
    assert response["Location"] == reverse("admin:integrations_bulkaction_change", args=[action.id])
    assert (action.kind, action.total, action.reason) == ("replay", 1, "Atendimento 77")
    entry = StaffAction.objects.get()
    assert (entry.action, entry.reason) == ("Reprocessou grupo da quarentena", "Atendimento 77")
    bulk_jobs.execute(action.id)
    progress = staff.get(
        reverse("admin:integrations_bulkaction_progress", args=[action.id])
    ).content.decode()
    assert 'data-state="SUCCEEDED"' in progress
    assert "hx-get" not in progress


@pytest.mark.parametrize("reason", ["", "ana@exemplo.com.br pediu"])
def test_discarding_needs_a_reason_without_personal_data(
    staff: Staff, seller: Seller, reason: str
) -> None:
    quarantine(seller, b"{")
    staff.post(GROUP, {"kind": "discard", "confirm": "1", "reason": reason})
    assert not BulkAction.objects.exists()


def test_events_without_an_owner_are_assigned_by_email(staff: Staff, seller: Seller) -> None:
    quarantine(seller, payloads.order("ord1"), cause=store.UNROUTABLE)
    WebhookEvent.objects.update(integration=None)
    form = {"kind": "assign", "email": seller.email.upper()}

    page = load_preview(staff.post(UNROUTABLE_GROUP, form), staff)
    assert page.context["preview"].outcomes == {"created": 1}
    staff.post(UNROUTABLE_GROUP, form | {"confirm": "1"})
    assert BulkAction.objects.get().integration == seller.integration


def test_preview_needs_an_owner_of_the_events(staff: Staff, seller: Seller) -> None:
    quarantine(seller, payloads.order("ord1"), cause=store.UNROUTABLE)
    form = {"kind": "assign", "email": "ninguem@flowzz.test"}

    page = staff.post(UNROUTABLE_GROUP, form)

    url = reverse("backoffice:quarantine_preview")
    assert url not in page.content.decode()
    assert "Nenhuma conta com este e-mail" in page.content.decode()
    query = {"causa": store.UNROUTABLE, "email": form["email"]}
    assert staff.get(url, query).status_code == 404


def test_support_can_replay_but_not_discard(seller: Seller) -> None:
    quarantine(seller, b"{")
    support = log_in_member("Suporte")

    form = {"kind": "discard", "confirm": "1", "reason": "Teste"}
    assert support.post(GROUP, form).status_code == 403
    assert support.post(GROUP, {"kind": "replay"}).status_code == 200


def test_bulk_action_is_cancelled_from_its_page(staff: Staff, seller: Seller) -> None:
    quarantine(seller, b"{")
    staff.post(GROUP, {"kind": "replay", "confirm": "1"})
    action = BulkAction.objects.get()
    progress = reverse("admin:integrations_bulkaction_progress", args=[action.id])
    assert "Cancelar o que falta" in staff.get(progress).content.decode()
    staff.post(reverse("admin:integrations_bulkaction_change", args=[action.id]))
    assert BulkAction.objects.get().state == "CANCELLED"
    assert "Cancelar o que falta" not in staff.get(progress).content.decode()


@pytest.mark.parametrize("kind", ["assign", "discard"])
def test_event_that_arrived_after_the_page_was_shown_stays(
    staff: Staff, seller: Seller, kind: str
) -> None:
    quarantine(seller, payloads.order("ord1"), cause=store.UNROUTABLE)
    shown = {"shown_at": staff.get(UNROUTABLE_GROUP).context["shown_at"]}
    form = {"kind": kind, "email": seller.email, "reason": "Atendimento 77"}
    if kind == "assign":
        page = staff.post(UNROUTABLE_GROUP, form)
        shown = {"shown_at": page.context["shown_at"]}
        assert f'name="shown_at" value="{shown["shown_at"]}"' in page.content.decode()
    quarantine(seller, payloads.order("ord2"), cause=store.UNROUTABLE)
    WebhookEvent.objects.update(integration=None)

    staff.post(UNROUTABLE_GROUP, form | shown | {"confirm": "1"})

    action = BulkAction.objects.get()
    bulk_jobs.execute(action.id)
    assert action.total == 1
    assert WebhookEvent.objects.filter(state=EventState.QUARANTINED).count() == 1
