import pytest

from integrations.models import StatusMapping
from integrations.providers.coinzz import COINZZ
from integrations.providers.contracts import StatusField
from integrations.providers.readers import reader_for
from sales.statuses import SaleStatus
from tests import payloads
from tests.factories import IntegrationFactory

pytestmark = pytest.mark.django_db


def map_word(word: str, status: str) -> StatusMapping:
    return StatusMapping.objects.create(
        provider=COINZZ, field=StatusField.ORDER, word=word, status=status
    )


def test_reader_uses_and_records_the_mappings_of_staff() -> None:
    mapping = map_word("na moita", SaleStatus.PAID)
    map_word("sem significado", "")
    reader = reader_for(IntegrationFactory.create())

    mapped = reader.parse_order(payloads.order("ord1", order_status="Na moita"))
    known = reader.parse_order(payloads.order("ord2", order_status="Enviado"))
    unmapped = reader.parse_order(payloads.order("ord3", order_status="Sem significado"))

    assert mapped.sale is not None
    assert known.sale is not None
    assert unmapped.sale is not None
    assert (mapped.sale.status, known.sale.status) == (SaleStatus.PAID, SaleStatus.SHIPPED)
    assert (mapped.used_mappings, known.used_mappings) == (frozenset({mapping.id}), frozenset())
    assert unmapped.sale.unknown_status == "sem significado"


def test_mapping_of_another_provider_is_not_used() -> None:
    StatusMapping.objects.create(
        provider="otherpay", field=StatusField.ORDER, word="na moita", status=SaleStatus.PAID
    )
    reader = reader_for(IntegrationFactory.create())
    order = reader.parse_order(payloads.order("ord1", order_status="Na moita"))
    assert (order.sale and order.sale.unknown_status) == "na moita"
