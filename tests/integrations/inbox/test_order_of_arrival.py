"""The order in which webhooks arrive does not change the final status."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sales.models import Sale
from tests import payloads
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

# Each status has transitions to all later ones, and none back.
ONE_WAY_WORDS = ("Aguardando Pagamento", "Aprovado", "Enviado", "Entregue", "Reembolsado")
STATUSES = dict(
    zip(ONE_WAY_WORDS, ("PENDING", "PAID", "SHIPPED", "DELIVERED", "REFUNDED"), strict=True)
)


@given(words=st.lists(st.sampled_from(ONE_WAY_WORDS), min_size=1, max_size=5, unique=True))
@example(words=list(reversed(ONE_WAY_WORDS)))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("in_one_batch", [True, False], ids=["in one batch", "one by one"])
def test_any_order_of_arrival_ends_at_the_last_status(words: list[str], in_one_batch: bool) -> None:
    number = f"ord{Sale.objects.count():05}"
    seller = Seller(f"{number}{in_one_batch}@flowzz.test")
    bodies = [payloads.order(number, order_status=word) for word in words]
    if in_one_batch:
        seller.process(*bodies)
    else:
        for body in bodies:
            seller.process(body)

    sale = seller.sale(number)
    assert sale.status == STATUSES[max(words, key=ONE_WAY_WORDS.index)]
    assert {event.state for event in seller.events} <= {"DONE", "IGNORED"}
    assert len(seller.events) == len(words)
    sale.delete()
    seller.integration.user.delete()
