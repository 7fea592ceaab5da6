"""What a source reports about a sale, a subscription or an affiliation request. Pure."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sales.money import PaymentCode
from sales.statuses import SaleStatus, ShippingStatus, SubscriptionStatus


@dataclass(frozen=True, slots=True)
class ValueWarning:
    """A value that could not be read: its field was left unchanged, the raw value is stored."""

    field: str
    """The source's own name, with its section: `order.order_quantity`."""
    reason: str
    """A stable snake_case code, by which warnings are grouped: `invalid_number`."""
    message: str
    """Portuguese, for staff and sellers; does not contain the value."""

    @property
    def cause(self) -> str:
        """Return the reason and the field, as events and sales store it."""
        return f"{self.reason}:{self.field}" if self.field else self.reason


@dataclass(slots=True, kw_only=True)
class SaleFacts:
    """The reported state of one order. Money is BRL, times are aware."""

    external_id: str
    """The order's number, or its hash if the source reports no number."""
    order_hash: str = ""
    """The source's second id of the order; empty if not reported."""
    total_price: Decimal | None = None
    """None if the source reports no readable price; a known sale keeps its price."""
    missing_price: ValueWarning | None = None
    """Why there is no price, which a new sale needs."""
    quantity: int | None = None
    """None if the source does not report it."""
    product_name: str = ""
    product_sku: str = ""
    status: SaleStatus | None = None
    """None if the source reports none; a known sale keeps its status."""
    shipping_status: ShippingStatus | None = None
    unknown_status: str = ""
    """The source's status word in lower case, if no status is mapped to it; else empty."""
    unknown_shipping_status: str = ""
    status_word: str = ""
    """The source's word in the form in which words are compared; empty if it reports none."""
    shipping_status_word: str = ""
    word_fields: Mapping[str, str] = field(default_factory=dict)
    """Maps the name of a status to the field of `metadata` with its word as sent."""
    is_refund_open: bool = False
    """Whether the status is a refund that may still be reversed, such as a dispute."""
    payment_method: str = ""
    payment_code: PaymentCode | Literal[""] = ""
    sale_date: datetime | None = None
    commission: Decimal | None = None
    """The user's own, if the source knows whose it is; else `Provider.earnings` tells it."""
    tracking_code: str = ""
    deleted_at: datetime | None = None
    reports_deletion: bool = True
    """Whether the source reports `deleted_at`, so that None means that it was not deleted."""
    metadata: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[ValueWarning, ...] = ()
    readable_fields: Container[str] = field(default=(), compare=False, repr=False)
    """The source's names of fields with a readable value, which ends an earlier warning."""

    @property
    def has_only_hash(self) -> bool:
        return self.external_id == self.order_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionFacts:
    subscription_hash: str
    status: SubscriptionStatus | None = None
    """None if the source reports none; a known subscription keeps its status."""
    unknown_status: str = ""
    frequency: str = ""
    cycle: int | None = None
    next_charge_date: datetime | None = None
    product_name: str = ""
    sent_at: datetime | None = None
    """The source's own time of sending, if it reports one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AffiliationFacts:
    affiliate_name: str
    affiliate_email: str
    affiliate_phone: str
    status: str
    """The source's word, as sent (`Pendente`)."""
    product_name: str
    requested_at: datetime | None
    warnings: tuple[ValueWarning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataRules:
    """Which fields of a source's `metadata` describe people. An unknown field may."""

    impersonal: frozenset[str] = frozenset()
    """Fields that do not describe the buyer, unless their text contains the buyer's name."""
    people: tuple[frozenset[str], ...] = ()
    """Groups of fields that describe one person together."""
    sellers_emails: tuple[str, ...] = ()
