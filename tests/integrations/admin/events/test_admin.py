"""The list of webhook events, its search and its actions."""

import pytest
from django.urls import reverse

from flowzz.accounts.models import StaffAction
from flowzz.backoffice.display import change_url
from integrations.models import EventKind, EventOutcome, EventState, WebhookEvent
from tests.factories import ClientFactory, IntegrationFactory, SaleFactory
from tests.integrations.admin.rows import make_event, make_rows
from tests.staff import Staff, messages_in

EVENTS = "/admin/integrations/webhookevent/"


def act(staff: Staff, action: str, *events: WebhookEvent, **answers: str) -> list[str]:
    """Run an action on events; return its messages."""
    chosen = {"action": action, "_selected_action": [str(event.id) for event in events], **answers}
    return messages_in(staff.post(EVENTS, chosen))


def test_page_shows_the_body_escaped_and_indented(staff: Staff) -> None:
    make_rows(1)
    event = WebhookEvent.objects.get()
    page = staff.get(reverse("admin:integrations_webhookevent_change", args=[event.id]))
    shown = page.content.decode()
    assert "&quot;product_name&quot;: &quot;&lt;b&gt;Curso&lt;/b&gt;&quot;" in shown
    assert "<b>Curso</b>" not in shown


def test_page_links_the_sale_and_lists_its_changes(staff: Staff) -> None:
    make_rows(1)
    event = WebhookEvent.objects.select_related("integration").get()
    assert event.integration is not None
    sale = event.integration.user.sales.get()
    page = staff.get(reverse("admin:integrations_webhookevent_change", args=[event.id]))
    shown = page.content.decode()
    assert reverse("admin:sales_sale_change", args=[sale.id]) in shown
    assert "Status: — → Pago" in shown


@pytest.mark.parametrize(
    ("outcome", "label"),
    [
        (EventOutcome.CREATED, "Afiliação recebida"),
        (EventOutcome.UPDATED, "Afiliação atualizada"),
        (EventOutcome.UNCHANGED, "Nada mudou"),
    ],
)
def test_affiliation_request_is_not_called_a_sale(
    staff: Staff, outcome: EventOutcome, label: str
) -> None:
    integration = IntegrationFactory.create()
    event = make_event(
        integration, kind=EventKind.AFFILIATION, state=EventState.DONE, outcome=outcome
    )
    for row in (event, integration):
        page = staff.get(change_url(row)).content.decode()
        assert label in page
        assert "Venda criada" not in page
        assert "Venda atualizada" not in page
    assert f">{label}<" in staff.get(EVENTS).content.decode().replace("\n", "").replace(" <", "<")


def test_replay_resets_events_to_pending(staff: Staff) -> None:
    event = make_event(
        IntegrationFactory.create(), state=EventState.QUARANTINED, reason="invalid_json"
    )
    assert act(staff, "replay", event) == ["1 evento na fila para reprocessar."]
    event.refresh_from_db()
    assert (event.state, event.reason, event.is_replay) == (EventState.PENDING, "", True)


def test_event_without_an_owner_is_not_replayed(staff: Staff) -> None:
    event = make_event(None, state=EventState.QUARANTINED)
    assert act(staff, "replay", event) == ["0 eventos na fila para reprocessar."]
    event.refresh_from_db()
    assert event.state == EventState.QUARANTINED


def test_only_quarantined_events_are_discarded(staff: Staff) -> None:
    integration = IntegrationFactory.create()
    bad = make_event(integration, state=EventState.QUARANTINED)
    good = make_event(integration, state=EventState.DONE)
    assert act(staff, "discard", bad, good) == []
    assert act(staff, "discard", bad, good, reason="") == []
    assert act(staff, "discard", bad, good, reason="Teste") == ["1 evento fora da quarentena."]
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, bad.outcome) == (EventState.IGNORED, EventOutcome.DISCARDED)
    entry = StaffAction.objects.get()
    assert (bad.error, entry.reason, entry.details) == ("Teste", "Teste", {"eventos": 1})
    assert good.state == EventState.DONE


@pytest.mark.parametrize(
    "text", ["ordbuscas", "529.982.247-25", "52998224725", "(62) 95454-4554", "Ana@Exemplo.com.br"]
)
def test_events_are_found_by_order_and_by_client(staff: Staff, text: str) -> None:
    integration = IntegrationFactory.create()
    client = ClientFactory.create(
        user=integration.user, cpf="52998224725", phone="+5562954544554", email="ana@exemplo.com.br"
    )
    SaleFactory.create(user=integration.user, client=client, external_id="ordbuscas")
    event = make_event(integration, "ordbuscas")
    make_event(integration, "ordoutras")
    rows = staff.get(EVENTS, {"q": text}).context["cl"].result_list
    assert [row.id for row in rows] == [event.id]
