"""What a provider's payload is turned into: frozen, typed, without a vendor's word."""

from dataclasses import dataclass
from typing import TypeAlias

from clients.customer import Customer
from sales.facts import AffiliationFacts, SaleFacts, SubscriptionFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order, the subscription it belongs to, or both: at least one is present."""

    customer: Customer
    sale: SaleFacts | None = None
    subscription: SubscriptionFacts | None = None


Payload: TypeAlias = Order | AffiliationFacts
