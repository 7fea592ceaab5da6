"""Where the transition table leaves one way only, the order of arrival doesn't matter."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sales.models import Sale
from tests import payloads
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

# Each of these leads to all that follow it, and none leads back.
ONE_WAY = ("Aguardando Pagamento", "Aprovado", "Enviado", "Entregue", "Reembolsado")
WORDS = dict(zip(ONE_WAY, ("PENDING", "PAID", "SHIPPED", "DELIVERED", "REFUNDED"), strict=True))


@given(words=st.lists(st.sampled_from(ONE_WAY), min_size=1, max_size=5, unique=True))
@example(words=list(reversed(ONE_WAY)))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
def test_any_order_of_arrival_ends_at_the_last_state(words: list[str], together: bool) -> None:
    number = f"ord{Sale.objects.count():05}"
    seller = Seller(f"{number}{together}@flowzz.test")
    bodies = [payloads.order(number, order_status=word) for word in words]
    if together:
        seller.process(*bodies)
    else:
        for body in bodies:
            seller.process(body)

    sale = seller.sale(number)
    assert sale.status == WORDS[max(words, key=ONE_WAY.index)]
    assert {event.state for event in seller.events} <= {"DONE", "IGNORED"}
    assert len(seller.events) == len(words)
    sale.delete()
    seller.integration.user.delete()
