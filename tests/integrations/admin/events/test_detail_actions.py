"""The page of one event: its body, differences and effects, and its actions."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from flowzz.accounts.models import StaffAction
from integrations.models import EventOutcome, EventState, WebhookEvent
from sales.models import Sale
from tests import payloads
from tests.integrations.sellers import Seller
from tests.staff import Staff, log_in_member


@pytest.fixture
def seller(db: None) -> Seller:
    return Seller()


def url_of(event: WebhookEvent) -> str:
    return reverse("admin:integrations_webhookevent_change", args=[event.id])


def act(browser: Staff, event: WebhookEvent, action: str, **form: str) -> int:
    name = f"admin:integrations_webhookevent_{action}"
    return browser.post(reverse(name, args=[event.id]), form or {"sent": "1"}).status_code


def test_page_shows_state_effects_differences_and_body(staff: Staff, seller: Seller) -> None:
    name = {"client_name": "Maria de Souza"}
    seller.process(
        payloads.encode(payloads.order("ord1", client=name)).replace(b'"100.00"', b"150.90"),
        payloads.order("ord1", client=name, order_status="Enviado", courier_name="Rui"),
    )
    page = staff.get(url_of(seller.events[1])).content.decode()
    assert "Aplicado: atualizou" in page
    assert "Status: Pago → Enviado" in page
    assert "<code>order.order_status</code>" in page
    assert "150.90</td>" in page
    assert '<td data-label="Antes">—</td><td data-label="Agora">Rui</td>' in page
    assert "Maria de Souza" in page

    masked = log_in_member("Suporte").get(url_of(seller.events[1])).content.decode()
    assert "Maria de Souza" not in masked
    assert "<code>order.order_status</code>" in masked


def test_page_of_an_invalid_json_body_lists_the_error_of_each_attempt(
    staff: Staff, seller: Seller
) -> None:
    seller.process(b"\x00<script>")
    page = staff.get(url_of(seller.events[0])).content.decode()
    assert "\\u0000&lt;script&gt;" in page
    assert "O corpo não é um JSON válido" in page
    assert "1ª" in page


def test_download_returns_the_exact_body_to_staff_who_may_see_it(
    staff: Staff, seller: Seller
) -> None:
    body = b'\xef\xbb\xbf{"a": 150.90 }\xff'
    seller.process(body)
    url = reverse("admin:integrations_webhookevent_download", args=[seller.events[0].id])
    response = staff.get(url)
    assert response.content == body
    assert response["Content-Disposition"].startswith("attachment")
    assert StaffAction.objects.get().action == "Baixou o corpo do evento"
    assert log_in_member("Suporte").get(url).status_code == 403


def test_replay_resets_the_event_to_pending(staff: Staff, seller: Seller) -> None:
    seller.process(payloads.order("ord1"))
    assert act(staff, seller.events[0], "replay_one") == 302
    assert seller.states == [(EventState.PENDING, "")]


def test_discarded_event_stores_the_reason(staff: Staff, seller: Seller) -> None:
    seller.process(b"{")
    event = seller.events[0]
    assert act(log_in_member("Suporte"), event, "discard_one", reason="Teste") == 403
    assert act(staff, event, "discard_one", reason="") == 200
    assert act(staff, event, "discard_one", reason="Teste do cliente") == 302
    event.refresh_from_db()
    assert (event.outcome, event.error) == (EventOutcome.DISCARDED, "Teste do cliente")
    assert StaffAction.objects.get().reason == "Teste do cliente"
    assert act(staff, event, "discard_one", reason="De novo") == 403


def test_event_without_an_owner_is_assigned_by_email(staff: Staff, seller: Seller) -> None:
    seller.receive(payloads.order("ord1"))
    WebhookEvent.objects.update(integration=None, state="QUARANTINED", reason="unroutable")
    event = WebhookEvent.objects.get()
    assert act(staff, event, "assign_one", email="ninguem@x.test", reason="Teste") == 200
    assert act(staff, event, "assign_one", email=seller.email, reason="Teste") == 302
    seller.drain()
    assert seller.states == [(EventState.DONE, EventOutcome.CREATED)]


def test_failure_is_explained_in_portuguese(staff: Staff, seller: Seller) -> None:
    seller.process(b"{")
    event = seller.events[0]
    for url in (url_of(event), reverse("admin:integrations_webhookevent_changelist")):
        page = staff.get(url).content.decode()
        assert "O corpo não é um JSON válido" in page
        assert ">invalid_json<" not in page
    assert str(event).endswith(", sem número")


def test_faulty_field_is_marked_in_the_body(staff: Staff, seller: Seller) -> None:
    seller.process(payloads.order(order_final_price="muito"))
    page = staff.get(url_of(seller.events[0])).content.decode()
    [marked] = re.findall(r"<mark>\s*(.*?)</mark>", page)
    assert unescape(marked).startswith('"order_final_price": "muito"')


def test_single_replay_shows_what_would_change(staff: Staff, seller: Seller) -> None:
    seller.receive(payloads.order())
    [event] = seller.events
    form = staff.get(reverse("admin:integrations_webhookevent_replay_one", args=[event.id]))
    preview_url = reverse("admin:integrations_webhookevent_preview_one", args=[event.id])
    assert f'hx-get="{preview_url}"' in form.content.decode()

    preview = staff.get(preview_url).content.decode()

    assert "Criaria" in preview
    assert not Sale.objects.exists()
    assert seller.states == [("PENDING", "")]


def test_corrected_copy_is_applied_and_the_original_kept(staff: Staff, seller: Seller) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    wrong = payloads.order(order_final_price="muito")
    seller.process(wrong, received_at=yesterday)
    [original] = seller.events
    body = payloads.encode(payloads.order(order_final_price="97.90")).decode()

    assert act(staff, original, "correct", body=body, reason="preço") == 302
    seller.drain()

    assert seller.sale().total_price == Decimal("97.90")
    original, copy = seller.events
    assert (original.state, original.outcome) == ("IGNORED", "discarded")
    assert original.body == payloads.encode(wrong)
    assert (copy.state, copy.outcome) == ("DONE", "created")
    assert abs(copy.received_at - original.received_at) < timedelta(seconds=5)
    entry = StaffAction.objects.get()
    assert (entry.action, entry.reason) == ("Enviou cópia corrigida do evento", "preço")
    assert entry.details["cópia"]["id"] == str(copy.id)
    assert url_of(original) in staff.get(url_of(copy)).content.decode()


def test_correction_needs_a_change_and_json(staff: Staff, seller: Seller) -> None:
    seller.process(b'{"order": 1}')
    [event] = seller.events
    url = reverse("admin:integrations_webhookevent_correct", args=[event.id])
    for body, error in (
        ('{"order": 1}', "Nada mudou."),
        ('{"order":\n 1', "Não é um JSON válido: veja a linha 2, coluna"),
    ):
        response = staff.post(url, {"body": body, "reason": "teste"})
        assert error in response.content.decode()
    assert len(seller.events) == 1


def test_original_stays_in_quarantine_if_staff_say_so(staff: Staff, seller: Seller) -> None:
    seller.process(b'{"order": 1}')
    act(staff, seller.events[0], "correct", body="{}", keeps_original="on", reason="teste")
    assert [state for state, _ in seller.states] == ["QUARANTINED", "PENDING"]


def test_only_staff_who_see_the_body_may_correct_it(seller: Seller) -> None:
    seller.process(b'{"order": 1}')
    statuses = [
        act(log_in_member(group), seller.events[0], "correct", body="{}", reason="teste")
        for group in ("Suporte", "Operações")
    ]
    assert statuses == [403, 302]
