"""What a provider's payload is turned into: frozen, typed, without a vendor's word."""

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from clients.customer import Customer
from sales.facts import AffiliationFacts, SaleFacts, SubscriptionFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order, the subscription it belongs to, or both: at least one is present."""

    customer: Customer
    sale: SaleFacts | None = None
    subscription: SubscriptionFacts | None = None
    mapped_words: frozenset[UUID] = frozenset()
    """The words in it to which staff gave the meaning, as ids of `StatusMapping`."""

    @property
    def external_id(self) -> str:
        """The order's number, or the subscription's hash where it carries no order."""
        if self.sale:
            return self.sale.external_id
        return self.subscription.subscription_hash if self.subscription else ""


Payload: TypeAlias = Order | AffiliationFacts
