"""The money of a sale: how the buyer pays, and which part is the user's. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Final

from django.db.models import TextChoices

_CENT: Final = Decimal("0.01")


def unit_price(total: Decimal, quantity: int | None) -> Decimal:
    """Return the unit price in BRL, rounded half-up to the cent; without quantity, the total."""
    return (total / quantity).quantize(_CENT, ROUND_HALF_UP) if quantity else total


class PaymentCode(TextChoices):
    """Our code for a payment method, whatever word its source uses."""

    PIX = "PIX", "Pix"
    CARD = "CARD", "Cartão"
    BOLETO = "BOLETO", "Boleto"
    CASH_ON_DELIVERY = "CASH_ON_DELIVERY", "Pós-paga"
    OTHER = "OTHER", "Outra"


EARNINGS_FIELDS: Final = ("commission", "fees", "partner_shares")


@dataclass(frozen=True, kw_only=True)
class Earnings:
    """The parts of a sale's price that its source reports, in BRL; None where unknown.

    What stays for the user (`Sale.net`) is their own commission if it is known. Else it is the
    price less the fees and the partners' shares, if both are known.
    """

    reports_commissions: bool = False
    """Whether anyone's commission is reported; else the user's is unchanged."""
    commission: Decimal | None = None
    """The user's own commission; None also if nobody can tell whose a commission is."""
    fees: Decimal | None = None
    """The reported fees of payment, antifraud and logistics; None if one could not be read."""
    partner_shares: Decimal | None = None
    """The shares of affiliate and coproducers; None also if the user is not the producer."""

    @cached_property
    def values(self) -> Mapping[str, Decimal | None]:
        """The columns of a sale to set: not the commission if none is reported."""
        names = EARNINGS_FIELDS if self.reports_commissions else EARNINGS_FIELDS[1:]
        return {name: getattr(self, name) for name in names}
