"""One event's page: what came, what differs, what it did, and what staff do with it."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client as Browser
from django.urls import reverse

from flowzz.accounts.models import StaffAction, User
from integrations.models import EventOutcome, EventState, WebhookEvent
from tests import payloads
from tests.integrations.admin.conftest import Staff
from tests.integrations.sellers import Seller


@pytest.fixture
def seller(db: None) -> Seller:
    return Seller()


def page_of(event: WebhookEvent) -> str:
    return reverse("admin:integrations_webhookevent_change", args=[event.id])


def act(browser: Browser, event: WebhookEvent, action: str, **form: str) -> int:
    name = f"admin:integrations_webhookevent_{action}"
    return browser.post(reverse(name, args=[event.id]), form or {"sent": "1"}).status_code


def support() -> Browser:
    user = User.objects.create_user("suporte@flowzz.test", is_staff=True)
    user.groups.add(Group.objects.get(name="Suporte"))
    browser = Browser()
    browser.force_login(user)
    return browser


def test_page_tells_it_all(staff: Staff, seller: Seller) -> None:
    name = {"client_name": "Maria de Souza"}
    seller.told(
        payloads.encode(payloads.order("ord1", client=name)).replace(b'"100.00"', b"150.90"),
        payloads.order("ord1", client=name, order_status="Enviado"),
    )
    page = staff.get(page_of(seller.events[1])).content.decode()
    assert "Aplicado: atualizou" in page
    assert "Situação: Pago → Enviado" in page
    assert "<code>order.order_status</code>" in page
    assert "150.90</td>" in page
    assert "Maria de Souza" in page

    masked = support().get(page_of(seller.events[1])).content.decode()
    assert "Maria de Souza" not in masked
    assert "<code>order.order_status</code>" in masked


def test_page_of_what_is_no_json_tells_the_error_of_each_attempt(
    staff: Staff, seller: Seller
) -> None:
    seller.told(b"\x00<script>")
    page = staff.get(page_of(seller.events[0])).content.decode()
    assert "\\u0000&lt;script&gt;" in page
    assert "O corpo não é um JSON válido" in page
    assert "1ª" in page


def test_body_is_downloaded_byte_for_byte_by_who_may_see_it(staff: Staff, seller: Seller) -> None:
    body = b'\xef\xbb\xbf{"a": 150.90 }\xff'
    seller.told(body)
    address = reverse("admin:integrations_webhookevent_download", args=[seller.events[0].id])
    response = staff.get(address)
    assert response.content == body
    assert response["Content-Disposition"].startswith("attachment")
    assert StaffAction.objects.get().action == "Baixou o corpo do evento"
    assert support().get(address).status_code == 403


def test_event_is_replayed(staff: Staff, seller: Seller) -> None:
    seller.told(payloads.order("ord1"))
    assert act(staff, seller.events[0], "replay_one") == 302
    assert seller.states == [(EventState.PENDING, "")]


def test_discarded_event_keeps_the_reason(staff: Staff, seller: Seller) -> None:
    seller.told(b"{")
    event = seller.events[0]
    assert act(support(), event, "discard_one", reason="Teste") == 403
    assert act(staff, event, "discard_one", reason="") == 200
    assert act(staff, event, "discard_one", reason="Teste do cliente") == 302
    event.refresh_from_db()
    assert (event.outcome, event.error) == (EventOutcome.DISCARDED, "Teste do cliente")
    assert StaffAction.objects.get().reason == "Teste do cliente"
    assert act(staff, event, "discard_one", reason="De novo") == 403


def test_event_of_nobody_is_assigned_by_email(staff: Staff, seller: Seller) -> None:
    seller.receive(payloads.order("ord1"))
    WebhookEvent.objects.update(integration=None, state="QUARANTINED", reason="unroutable")
    event = WebhookEvent.objects.get()
    assert act(staff, event, "assign_one", email="ninguem@x.test", reason="Teste") == 200
    assert act(staff, event, "assign_one", email=seller.email, reason="Teste") == 302
    seller.drain()
    assert seller.states == [(EventState.DONE, EventOutcome.CREATED)]


def test_what_could_not_be_read_is_told_in_portuguese(staff: Staff, seller: Seller) -> None:
    seller.told(b"{")
    event = seller.events[0]
    for address in (page_of(event), reverse("admin:integrations_webhookevent_changelist")):
        page = staff.get(address).content.decode()
        assert "O corpo não é um JSON válido" in page
        assert ">invalid_json<" not in page
    assert str(event).endswith(", sem número")
