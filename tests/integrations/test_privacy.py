"""Erasure removes the person from every table; export contains all their data."""

import json
import zlib
from contextlib import suppress
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.utils import timezone

from clients.models import Client
from flowzz.accounts.models import User
from flowzz.core import redis
from flowzz.core.db.locks import lock_user
from flowzz.core.models import IdempotentCall
from integrations import privacy
from integrations.imports import import_jobs
from integrations.imports.batches import apply_batch
from integrations.inbox.store import InboundWebhook
from integrations.models import EventState, FindingKind, ImportState, SyncFinding, WebhookEvent
from integrations.privacy import Erasure
from integrations.providers.coinzz import COINZZ
from integrations.webhooks import fallback_buffer
from integrations.webhooks.tokens import hash_token, webhook_url
from sales import client_merging
from sales.models import AffiliationRequest, Export, Sale, SaleStatusChange
from tests import payloads
from tests.api_client import Frontend
from tests.factories import SyncRunFactory
from tests.integrations.admin.rows import make_event
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

BUYER: dict[str, Any] = {
    "client_name": "Zoraide Quintanilha",
    "client_documment": "529.982.247-25",
    "client_phone": "62954544554",
    "client_email": "zoraide@exemplo.com.br",
    "client_address": "Rua dos Beija-Flores",
    "client_address_number": "7319 Lote Q",
    "client_address_district": "Jardim Inventado",
    "client_address_comp": "casa dos fundos",
    "client_address_city": "Cidade Inventada",
    "client_zip_code": "74003-010",
    "client_address_country": {"unreadable": "país da Zoraide"},
}
# Long enough that no id, hash or time holds one by chance.
TRACES = [
    "Zoraide",
    "Quintanilha",
    "52998224725",
    "529.982.247-25",
    "954544554",
    "95454-4554",
    "zoraide@",
    "Beija-Flores",
    "7319 Lote Q",
    "Jardim Inventado",
    "casa dos fundos",
    "Cidade Inventada",
    "74003010",
    "74003-010",
    "AA123456789BR",
    "boletos.exemplo",
    "Pré-visualizada",
]
ORDER: dict[str, Any] = {
    "tracking_code": "AA123456789BR",
    "url_bank_slip": "https://boletos.exemplo/zoraide",
    "recado_do_comprador": "deixar com a vizinha da Zoraide",
    "producer_name": "Produtora Exemplo",
    "producer_email": "produtora@exemplo.com.br",
    "producer_commission": "80.00",
}
NEIGHBOUR = {
    "client_name": "Ivo Outro",
    "client_documment": "111.444.777-35",
    "client_email": "ivo@exemplo.com.br",
}
AS_AFFILIATE: dict[str, Any] = {
    "affiliate_name": "Zô Quintanilha",
    "affiliate_email": "Zoraide@exemplo.com.br",
    "affiliate_phone": "(62) 95454-4554",
    "affiliate_commission": "20.00",
}
UTMS = {"utm_source": "instagram", "utm_content": "para zoraide@exemplo.com.br"}
PREVIEWED_FILE = """Pedido;Data;Cliente;CPF;Produto;Valor
ordzoraid;02/10/2025;Zoraide Pré-visualizada;529.982.247-25;Curso;10,00
"""
FIGURES = ("external_id", "total_price", "status", "shipping_status", "sale_date", "product_name")


@pytest.fixture
def seller() -> Seller:
    return Seller()


@pytest.fixture
def zoraide(seller: Seller) -> Client:
    """A buyer with data in every table that stores personal data."""
    now = timezone.now()
    first = payloads.order("ordzoraid", client=BUYER, utms=UTMS, **ORDER)
    seller.process(first, received_at=now - timedelta(hours=5))
    seller.process(first, received_at=now - timedelta(hours=4))
    seller.process(
        payloads.order("ordvizinh", client=NEIGHBOUR, **AS_AFFILIATE),
        payloads.subscription("asszoraid", with_order="ordassina") | {"client": BUYER},
        json.loads(payloads.raw("affiliation_request")) | AS_AFFILIATE,
        b"{broken: 52998224725",
    )
    make_event(
        seller.integration,
        body=b"zoraide@exemplo.com.br",
        state=EventState.RETRY,
        next_attempt_at=now + timedelta(hours=1),
        received_at=now - timedelta(hours=1),
    )
    client: Client = Client.objects.get(name="Zoraide Quintanilha")
    run = SyncRunFactory.create(integration=seller.integration)
    fields = [
        {"field": "tracking_code", "before": "", "after": "AA123456789BR"},
        {"field": "status", "before": "PENDING", "after": "PAID"},
    ]
    SyncFinding.objects.create(
        run=run, kind=FindingKind.DIFFERS, external_id="ordzoraid", fields=fields
    )
    staff = User.objects.create(email="equipe@flowzz.test")
    Export.objects.create(
        requested_by=staff, subject="clients", format="csv", query="q=Zoraide", state="SUCCEEDED"
    )
    import_jobs.receive(
        user_id=seller.integration.user_id,
        provider=COINZZ,
        content=PREVIEWED_FILE.encode(),
        is_preview=True,
    )
    fallback_buffer.push([buffered(seller, payloads.order("ordespera", client=BUYER))])
    return client


def buffered(seller: Seller, body: dict[str, Any]) -> InboundWebhook:
    token = webhook_url(seller.integration).rsplit("/", 1)[-1]
    return InboundWebhook(
        provider=COINZZ, token_hash=hash_token(token), body=payloads.encode(body), headers={}
    )


def everything() -> str:
    """Return all rows of all tables and all of Redis as one text, with decoded bytes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        texts = []
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            texts += [" | ".join(map(readable, row)) for row in cursor.fetchall()]
    server = redis.client()
    for key in server.scan_iter():
        texts += [readable(key), readable(server.dump(key))]
        if server.type(key) == b"list":
            texts += [readable(entry) for entry in server.lrange(key, 0, -1)]
    return "\n".join(texts)


def readable(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        with suppress(zlib.error):
            value = zlib.decompress(value)
        return bytes(value).decode(errors="backslashreplace")
    return str(value)


def traces() -> list[str]:
    text = everything().casefold()
    return [trace for trace in TRACES if trace.casefold() in text]


def figures() -> list[Any]:
    return list(Sale.objects.order_by("external_id").values(*FIGURES))


def test_erased_person_is_found_in_no_table(seller: Seller, zoraide: Client) -> None:
    assert traces() == TRACES

    privacy.erase(zoraide.id)

    assert traces() == []
    assert redis.client().llen(fallback_buffer.KEY) == 0


def test_erasure_cancels_an_import_preview_and_deletes_its_file(
    seller: Seller, zoraide: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs, "MAX_SYNCHRONOUS_LINES", 0)
    preview = import_jobs.receive(
        user_id=seller.integration.user_id,
        provider=COINZZ,
        content=PREVIEWED_FILE.encode(),
        is_preview=True,
    )

    def erased_meanwhile(*arguments: Any) -> None:
        privacy.erase(zoraide.id)
        apply_batch(*arguments)

    monkeypatch.setattr(import_jobs, "apply_batch", erased_meanwhile)
    import_jobs.execute(preview.id)

    preview.refresh_from_db()
    assert (preview.state, preview.content) == (ImportState.FAILED, None)
    assert preview.error.endswith("Envie o arquivo de novo.")
    assert traces() == []


def test_erasure_deletes_the_stored_response_to_a_preview(seller: Seller, zoraide: Client) -> None:
    response = Frontend(seller.integration.user).post(
        "/api/v1/sales/import",
        {"file": SimpleUploadedFile("vendas.csv", PREVIEWED_FILE.encode()), "preview": "true"},
        headers={"Idempotency-Key": "1"},
    )
    assert "Zoraide" in response.content.decode()

    privacy.erase(zoraide.id)

    assert not IdempotentCall.objects.exists()


def test_erasure_keeps_amounts_and_history(seller: Seller, zoraide: Client) -> None:
    seller.drain()
    before, history = figures(), list(SaleStatusChange.objects.order_by("id").values())

    privacy.erase(zoraide.id)

    after = [sale for sale in figures() if sale["external_id"] != "ordespera"]
    assert after == before
    assert list(SaleStatusChange.objects.order_by("id").values())[: len(history)] == history
    assert seller.sale("ordzoraid").client_id == zoraide.id
    assert seller.sale("ordespera").client_id == zoraide.id


def test_erasure_keeps_data_of_others(seller: Seller, zoraide: Client) -> None:
    privacy.erase(zoraide.id)

    own, neighbours = seller.sale("ordzoraid").metadata, seller.sale("ordvizinh").metadata
    assert own["producer_email"] == "produtora@exemplo.com.br"
    assert own["utms"] == {"source": "instagram"}
    assert neighbours["affiliate_commission"] == "20.00"
    assert "affiliate_name" not in neighbours
    assert Client.objects.filter(name="Ivo Outro", email="ivo@exemplo.com.br").exists()
    assert SyncFinding.objects.get().fields[1]["after"] == "PAID"


def test_second_erasure_changes_nothing(seller: Seller, zoraide: Client) -> None:
    privacy.erase(zoraide.id)
    zoraide.refresh_from_db()
    erased_at = zoraide.erased_at

    assert privacy.erase(zoraide.id) == Erasure(sales=0, affiliations=0, events=0, findings=0)

    zoraide.refresh_from_db()
    assert zoraide.erased_at == erased_at


def test_erasure_returns_the_changed_rows(zoraide: Client) -> None:
    assert privacy.erase(zoraide.id) == Erasure(sales=4, affiliations=1, events=8, findings=1)


def test_later_webhook_updates_an_erased_order_without_personal_data(
    seller: Seller, zoraide: Client
) -> None:
    privacy.erase(zoraide.id)
    changes = ORDER | AS_AFFILIATE | {"order_status": "Entregue"}
    seller.process(payloads.order("ordzoraid", client=BUYER, utms=UTMS, **changes))

    sale = seller.sale("ordzoraid")
    assert (sale.status, sale.client_id, sale.tracking_code) == ("DELIVERED", zoraide.id, "")
    zoraide.refresh_from_db()
    assert zoraide.name == zoraide.cpf == zoraide.phone == ""
    texts = json.dumps(sale.metadata, ensure_ascii=False)
    assert [text for text in ("recado", "zoraide@", "Quintanilha", "95454") if text in texts] == []
    assert sale.metadata["utms"] == {"source": "instagram"}
    assert Client.objects.filter(name="Zoraide Quintanilha").count() == 0


def test_second_erasure_removes_later_personal_data(seller: Seller, zoraide: Client) -> None:
    privacy.erase(zoraide.id)
    seller.process(
        payloads.order("ordzoraid", client=BUYER, **ORDER | {"order_status": "Entregue"})
    )

    privacy.erase(zoraide.id)

    assert traces() == []


def test_new_order_of_an_erased_person_is_a_new_client(seller: Seller, zoraide: Client) -> None:
    privacy.erase(zoraide.id)

    seller.process(payloads.order("ordnovooo", client=BUYER))

    assert seller.sale("ordnovooo").client_id not in {None, zoraide.id}


def test_late_resend_of_an_erased_body_is_a_duplicate(seller: Seller) -> None:
    body = payloads.order("ordzoraid", client=BUYER)
    seller.process(body)
    privacy.erase(Client.objects.get().id)

    seller.process(body)

    assert seller.states[-1] == ("IGNORED", "duplicate")


@pytest.mark.parametrize("is_kept", [True, False])
def test_erasure_during_which_the_client_is_merged_erases_nothing(
    seller: Seller, zoraide: Client, *, is_kept: bool
) -> None:
    """The data of the other client were not searched for."""
    staff, other = User.objects.get(email="equipe@flowzz.test"), seller.buyer("ordvizinh")
    kept, absorbed = (zoraide, other) if is_kept else (other, zoraide)

    def merge_meanwhile(user_id: UUID) -> None:
        client_merging.merge(kept.id, absorbed.id, by=staff)
        lock_user(user_id)

    with (
        patch.object(privacy, "lock_user", merge_meanwhile),
        pytest.raises(privacy.ErasureRefused, match="mudaram enquanto isso"),
    ):
        privacy.erase(zoraide.id)

    assert traces() == TRACES


def test_shared_email_does_not_erase_other_buyers(seller: Seller) -> None:
    mailbox, utms = (
        {"client_email": "suporte@exemplo.com.br"},
        {"utm_term": "Suporte@exemplo.com.br"},
    )
    seller.process(
        payloads.order("ordzoraid", client=BUYER | mailbox, utms=utms),
        payloads.order("ordvizinh", client=NEIGHBOUR | mailbox, utms=utms),
    )
    privacy.erase(seller.buyer("ordzoraid").id)

    campaigns = [seller.sale(number).metadata["utms"] for number in ("ordzoraid", "ordvizinh")]
    assert campaigns == [{}, {"term": "Suporte@exemplo.com.br"}]
    assert WebhookEvent.objects.get(external_id="ordvizinh").body is not None
    assert seller.buyer("ordvizinh").email == "suporte@exemplo.com.br"


def test_erasure_keeps_the_data_of_other_users(seller: Seller, zoraide: Client) -> None:
    other = Seller("outra@flowzz.test")
    other.process(payloads.order("ordzoraid", client=BUYER, **ORDER))

    privacy.erase(zoraide.id)

    assert other.buyer("ordzoraid").name == "Zoraide Quintanilha"
    assert [event.body is None for event in other.events] == [False]


def test_export_contains_all_data_of_the_person(seller: Seller, zoraide: Client) -> None:
    exported = privacy.export(zoraide)
    text = json.dumps(exported, cls=DjangoJSONEncoder, ensure_ascii=False)

    # A preview is nothing of theirs yet: it may never be imported.
    assert [trace for trace in TRACES if trace not in text] == ["Pré-visualizada"]
    assert exported["cliente"]["nome"] == "Zoraide Quintanilha"
    assert [sale["pedido"] for sale in exported["vendas"]] == ["ordzoraid", "ordassina"]
    assert [change["para"] for change in exported["vendas"][0]["historico"]] == ["PAID"]
    assert [row["assinatura"] for row in exported["assinaturas"]] == ["asszoraid"]
    assert [row["nome"] for row in exported["pedidos_de_afiliacao"]] == ["Zô Quintanilha"]
    assert len(exported["webhooks"]) == 6


def test_export_contains_no_data_of_others(seller: Seller, zoraide: Client) -> None:
    seller.process(payloads.order("ordestran", client=NEIGHBOUR))

    text = json.dumps(privacy.export(zoraide), cls=DjangoJSONEncoder, ensure_ascii=False)

    assert "Ivo Outro" not in text
    assert "ordestran" not in text


def test_erased_client_can_still_be_exported(zoraide: Client) -> None:
    privacy.erase(zoraide.id)
    zoraide.refresh_from_db()

    exported = privacy.export(zoraide)

    assert exported["cliente"]["apagado_em"] == zoraide.erased_at
    assert {webhook["corpo"] for webhook in exported["webhooks"]} == {None}
    assert AffiliationRequest.objects.count() == 0
