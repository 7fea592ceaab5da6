"""One answer for each way in which an order can be missing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import connection as connections
from integrations.admin.missing_order.answers import Answer, explain
from integrations.inbox import replay
from integrations.models import (
    FindingKind,
    IntegrationMode,
    RefusalReason,
    SyncFinding,
    WebhookEvent,
    WebhookRefusal,
)
from sales.models import Sale
from tests import payloads
from tests.factories import SaleFactory, SyncRunFactory
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

NUMBER = "ordzzzzz"


@pytest.fixture
def seller() -> Seller:
    return Seller()


def main_answer(seller: Seller, number: str = NUMBER) -> Answer:
    return explain(number, seller.integration)[0]


def test_order_that_appears(seller: Seller) -> None:
    seller.process(payloads.order())
    for number in (NUMBER, NUMBER.upper()):
        answer = main_answer(seller, number)
        assert (answer.title, answer.tone) == ("A venda aparece", "good")
    assert str(seller.integration.user) in answer.text
    assert [step.text for step in answer.steps] == ["Ver a venda"]


def test_order_of_another_seller(seller: Seller) -> None:
    SaleFactory.create(external_id=NUMBER, user__email="outra@flowzz.test")
    assert main_answer(seller).title == "Está em outra conta"
    assert "outra@flowzz.test" in main_answer(seller).text
    assert explain(NUMBER, None)[0].title == "A venda aparece"


def test_deleted_and_unassociated_order(seller: Seller) -> None:
    seller.process(payloads.order())
    Sale.objects.update(deleted_at=timezone.now())
    assert main_answer(seller).title == "Foi excluída na plataforma"
    Sale.objects.update(deleted_at=None, is_associated=False)
    assert main_answer(seller).title == "Não associada: não entra em número nenhum"


def test_unknown_status_word_leads_to_its_mapping(seller: Seller) -> None:
    seller.process(payloads.order(order_status="Aguardando a lua"))
    answer = main_answer(seller)
    assert answer.title == "A venda veio com um texto que não conhecemos"
    assert answer.steps[0].text == "Dar um significado a “aguardando a lua”"
    assert answer.steps[0].url.startswith("/admin/palavras/")


def test_quarantined_event_with_and_without_a_readable_number(seller: Seller) -> None:
    seller.process(payloads.order(order_final_price="muito"))
    answer = main_answer(seller)
    assert (answer.title, answer.tone) == ("O webhook chegou, mas está em quarentena", "bad")
    assert answer.text.endswith(WebhookEvent.objects.get().error)

    seller.process(b'{"order": {"order_number": "ordyyyyy"')
    assert main_answer(seller, "ordyyyyy").title == "O número está num webhook em quarentena"


def test_event_that_waits_and_one_that_was_not_applied(seller: Seller) -> None:
    connections.pause(seller.integration)
    seller.receive(payloads.order())
    WebhookEvent.objects.update(external_id=NUMBER)  # as after a first attempt
    answer = main_answer(seller)
    assert answer.title == "Na fila para ser aplicado."
    assert [step.text for step in answer.steps] == ["Retomar a integração"]

    connections.disconnect(seller.integration)
    connections.resume(seller.integration)
    seller.drain()
    assert main_answer(seller).title.startswith("Não aplicado: a integração estava desconectada")


def test_discarded_event(seller: Seller) -> None:
    seller.process(payloads.order(order_final_price="muito"))
    replay.discard(WebhookEvent.objects.all(), "teste")
    assert main_answer(seller).title == "Descartado pela equipe."


def test_order_that_a_sync_could_not_read(seller: Seller) -> None:
    run = SyncRunFactory.create(integration=seller.integration)
    SyncFinding.objects.create(
        run=run, kind=FindingKind.ERROR, external_id=NUMBER, message="Falta o valor."
    )
    assert main_answer(seller).title == "A sincronização viu o pedido, mas não conseguiu lê-lo"


def test_applied_event_without_a_sale(seller: Seller) -> None:
    seller.process(payloads.order())
    Sale.objects.all().delete()
    assert main_answer(seller).title.startswith("O webhook chegou e foi lido, mas não há venda")


def test_order_that_never_came_with_the_last_contacts(seller: Seller) -> None:
    assert explain(NUMBER, None)[0].title == "Nunca chegou, em nenhuma conta"
    answer = main_answer(seller)
    assert answer.title == "Nunca chegou"
    none = "nenhum webhook chegou até hoje, e nenhuma sincronização foi concluída."
    assert none in answer.text
    assert answer.steps[-1].text == "Sincronizar, na integração"

    integration = seller.integration
    integration.last_webhook_at = timezone.now() - timedelta(hours=3)
    integration.paused_at = timezone.now()
    text = main_answer(seller).text
    assert "há 3\xa0horas" in text
    assert text.endswith("A integração está pausada.")


def test_order_that_never_came_to_a_seller_without_syncs(seller: Seller) -> None:
    seller.integration.mode = IntegrationMode.WEBHOOK
    answer = main_answer(seller)
    assert answer.text.endswith("nenhum webhook chegou até hoje.")
    assert [step.text for step in answer.steps] == ["Fazer o diagnóstico"]


def test_order_that_may_have_been_refused(seller: Seller) -> None:
    WebhookRefusal.objects.create(
        integration=seller.integration,
        minute=timezone.now() - timedelta(days=2),
        reason=RefusalReason.EXPIRED_URL,
        count=3,
        bytes=9,
    )
    answer = main_answer(seller)
    assert answer.title == "Nunca chegou, e pode ter sido recusado"
    assert "Em 7 dias, 3 webhooks recusados" in answer.text
    assert answer.steps[0].text == "Ver os webhooks recusados"


def test_statements_do_not_grow_with_the_rows(seller: Seller) -> None:
    numbers = []
    for count in (1, 4):
        for number in range(count):
            seller.process(b'{"order": {"order_number": "ordyyyyy"' + b" " * number)
        with CaptureQueriesContext(connection) as statements:
            explain("ordyyyyy", seller.integration)
        numbers.append(len(statements))
    assert numbers[0] == numbers[1] <= 6
