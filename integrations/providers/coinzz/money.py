"""Coinzz's payment methods, commissions and fees, as parts of our own figures. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

import orjson

from clients.cleaning import clean_text, fold
from flowzz.core.caching import cache_short
from integrations.providers.coinzz.decoding import unwrap
from integrations.providers.coinzz.fields import EARNINGS
from integrations.providers.coinzz.values import MAX_MONEY, Unreadable, parse_money
from sales.money import Earnings, PaymentCode

_CODES: Final = (
    # First: "Cartão na entrega" is paid at the door.
    (
        PaymentCode.CASH_ON_DELIVERY,
        r"(\b|venda)pos ?pag|after ?pay|post ?paid|(na|da|contra) entrega|on delivery|\bcod\b",
    ),
    (PaymentCode.PIX, r"\bpix"),
    (PaymentCode.BOLETO, "bolet|bank ?slip|billet"),
    (PaymentCode.CARD, "cartao|cartoes|card|credit|debit"),
)
"""Searched in this order, in the text without case, accents and punctuation."""
_PATTERNS: Final = tuple((code, re.compile(pattern)) for code, pattern in _CODES)
_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")


@cache_short(1024)
def payment_code(method: str) -> PaymentCode | Literal[""]:
    """Return the code for a payment method as sent, or an empty text if none is sent."""
    plain = fold(clean_text(method))
    words = _SEPARATORS.sub(" ", plain).strip()
    if not words:
        return PaymentCode.OTHER if plain else ""
    return next((code for code, pattern in _PATTERNS if pattern.search(words)), PaymentCode.OTHER)


def earnings(metadata: Mapping[str, Any], owner_email: str) -> Earnings:
    """Return what a sale's metadata report of its commissions and fees.

    `owner_email` is the user's e-mail at Coinzz. It decides which commission is the user's; if it
    is nobody's, the user is the one party that has a commission, or the producer if no affiliate
    took part.
    """
    reported = {name: metadata[name] for name in EARNINGS if name in metadata}
    key = orjson.dumps(reported, default=str)
    return _earnings(key, owner_email.strip().lower())


@cache_short(4096)  # a seller has few prices and partners
def _earnings(reported: bytes, owner_email: str) -> Earnings:
    metadata = orjson.loads(reported)
    producer = _Party.parse(metadata, "producer_")
    affiliate = _Party.parse(metadata, "affiliate_")
    coproducers = [_Party.parse(entry) for entry in _entries(metadata.get("coproducers"))]
    parties = (producer, affiliate, *coproducers)
    own = [party for party in parties if owner_email and party.email == owner_email]
    own = own or _assumed_owner(producer, affiliate)
    partners = [party for party in (affiliate, *coproducers) if party.exists and party not in own]
    return Earnings(
        reports_commissions=any(party.amount is not None for party in parties),
        commission=_sum(party.amount for party in own),
        fees=_fees(metadata),
        partner_shares=_total([party.amount for party in partners]) if producer in own else None,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Party:
    """A producer, affiliate or coproducer, with the amount of their commission if reported.

    Compared by identity: two parties without a name are not the same one.
    """

    is_named: bool
    email: str
    amount: Decimal | None

    @classmethod
    def parse(cls, fields: Mapping[str, Any], prefix: str = "") -> "_Party":
        email = fields.get(f"{prefix}email")
        return cls(
            bool(fields.get(f"{prefix}name") or email),
            email.strip().lower() if isinstance(email, str) else "",
            _amount(fields.get(f"{prefix}commission")),
        )

    @property
    def exists(self) -> bool:
        """Whether they took part: an order without an affiliate may report a share of zero."""
        return self.is_named or bool(self.amount)


def _assumed_owner(producer: _Party, affiliate: _Party) -> list[_Party]:
    if not affiliate.exists or (affiliate.amount is None and producer.amount is not None):
        return [producer]
    return [affiliate] if producer.amount is None and affiliate.amount is not None else []


def _fees(metadata: Mapping[str, Any]) -> Decimal | None:
    """Return the sum of the reported fees; None if one of them could not be read."""
    fees = {"financial_fees": _financial_fees, "logistic_fee": _amount}
    amounts = [read(metadata[name]) for name, read in fees.items() if name in metadata]
    return _total(amounts) if amounts else None


def _financial_fees(raw: Any) -> Decimal | None:
    """Return the total or else the sum of the parts; None if one of them is unknown."""
    fees = unwrap(raw)
    if not isinstance(fees, Mapping):
        return _amount(fees)
    parts = {name: _amount(part) for name, part in fees.items()}
    total = parts.pop("total", None)
    return _total(parts.values()) if total is None and parts else total


def known_fees(raw: Any) -> tuple[Any, Unreadable | None]:
    """Return the financial fees without the amounts that leave their sum unknown, and the error."""
    fees = unwrap(raw)
    if not isinstance(fees, Mapping):
        return _or_null(fees)
    if _amount(fees.get("total")) is not None:
        return fees, None
    return _without_unreadable(fees, fees.keys())


def known_shares(raw: Any) -> tuple[Any, Unreadable | None]:
    """Return the list of coproducers without unreadable commissions, and the first error."""
    if not _entries(raw):
        return raw, None
    read = [
        _without_unreadable(entry, {"commission"}) if isinstance(entry, Mapping) else (entry, None)
        for entry in _listed(raw)
    ]
    return [entry for entry, _ in read], next((error for _, error in read if error), None)


def _without_unreadable(
    fields: Mapping[str, Any], names: Collection[str]
) -> tuple[dict[str, Any], Unreadable | None]:
    """Return the fields with null for each of `names` that is no amount, and the first error."""
    read = {name: _or_null(fields[name]) for name in fields if name in names}
    known = dict(fields) | {name: value for name, (value, _) in read.items()}
    return known, next((error for _, error in read.values() if error), None)


def _or_null(raw: Any) -> tuple[Any, Unreadable | None]:
    try:
        parse_money(raw)
    except Unreadable as error:
        return None, error
    return raw, None


def _entries(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list."""
    return [entry for entry in _listed(value) if isinstance(entry, Mapping)]


def _listed(value: Any) -> list[Any]:
    """Return a list, to which PHP gives numbers as keys where it has gaps."""
    if isinstance(value, Mapping) and all(map(str.isdecimal, value)):
        value = list(value.values())
    return value if isinstance(value, list) else [value]


def _amount(raw: Any) -> Decimal | None:
    with suppress(Unreadable):
        return parse_money(raw)
    return None


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of the known amounts; None if none is known or the sum has no column."""
    known = [amount for amount in amounts if amount is not None]
    total = sum(known, Decimal("0.00"))
    return total if known and total <= MAX_MONEY else None


def _total(amounts: Collection[Decimal | None]) -> Decimal | None:
    """Return the sum of all amounts; None if one is unknown."""
    return None if None in amounts else _sum([Decimal("0.00"), *amounts])
