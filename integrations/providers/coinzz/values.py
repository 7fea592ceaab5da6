"""A single value as Coinzz sends it → ours, or PayloadInvalid naming the field. Pure.

No message holds the value: it may be somebody's name or document.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from integrations.providers.errors import PayloadInvalid

SAO_PAULO: Final = ZoneInfo("America/Sao_Paulo")
"""The zone of all times in Coinzz, which never says so."""

MAX_MONEY: Final = Decimal("9999999999.99")
MAX_COUNT: Final = 2_147_483_647
MAX_IDENTITY_LENGTH: Final = 128

_CENT: Final = Decimal("0.01")
_MONEY: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
# One or two decimals after the comma: "1,234" could be a thousand elsewhere, so it is refused.
_BRAZILIAN_MONEY: Final = re.compile(r"-?([0-9]+|[0-9]{1,3}(\.[0-9]{3})+),[0-9]{1,2}")
_COUNT: Final = re.compile(r"[0-9]+(\.0+)?")
# The last is what PHP's Carbon makes of the first.
_NO_DATE: Final = ("0000-00-00", "-0001-11-30")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]|$)")
_YEARS: Final = range(1900, 2201)
"""Beyond them a time is a slip, and at the ends of the calendar no database could give it back."""

_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}

_REPAIRS: Final[dict[int, str]] = (
    dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), "")
    | dict.fromkeys(map(ord, "\t\n\r"), " ")
    | dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")
)


def clean(text: str) -> str:
    """`text` without outer spaces and without the characters that PostgreSQL refuses or hides."""
    return (text if text.isprintable() else text.translate(_REPAIRS)).strip()


def json_safe(value: Any) -> Any:
    """`value` as it came, in what JSON and PostgreSQL can hold."""
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, dict):
        return {clean(str(key)): json_safe(child) for key, child in value.items()}
    if isinstance(value, list):
        return [json_safe(child) for child in value]
    return str(value)


def kept(fields: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Those of the fields named that are not empty, as `json_safe` has them."""
    found = {}
    for key in keys:
        raw = fields[key]
        value = clean(raw) if isinstance(raw, str) else json_safe(raw)
        if value or isinstance(value, int):
            found[key] = value
    return found


def is_empty(value: Any) -> bool:
    """Whether nothing was sent; an empty list is how PHP writes an empty object."""
    return not value and not isinstance(value, int)


def text(field: str, raw: Any) -> str:
    """Empty where absent, or where PHP's `false` stands for it; a number becomes its digits."""
    if isinstance(raw, str):
        return clean(raw)
    if raw is None or raw is False:
        return ""
    if raw is True or isinstance(raw, dict | list):
        raise PayloadInvalid("not_a_text", f"{field}: esperado um texto.")
    return clean(str(raw))


def identity(field: str, raw: Any) -> str:
    """A number that tells one order from another, so never repaired: as sent, or refused."""
    if isinstance(raw, bool | dict | list):
        raise PayloadInvalid("invalid_identity", f"{field}: esperado um texto.")
    value = "" if raw is None else str(raw).strip()
    if not value:
        raise PayloadInvalid("missing_identity", f"{field}: campo obrigatório, veio vazio.")
    if len(value) > MAX_IDENTITY_LENGTH:
        raise PayloadInvalid(
            "invalid_identity", f"{field}: longo demais (máximo {MAX_IDENTITY_LENGTH} caracteres)."
        )
    if not value.isprintable():
        raise PayloadInvalid("invalid_identity", f"{field}: contém caracteres invisíveis.")
    return value


def money(field: str, raw: Any) -> Decimal:
    """BRL, rounded half-up to the cent; also reads the Brazilian `1.234,56`."""
    if is_empty(raw):
        raise PayloadInvalid("missing_money", f"{field}: campo obrigatório, veio vazio.")
    written = str(raw).strip()
    if not _MONEY.fullmatch(written):
        if not _BRAZILIAN_MONEY.fullmatch(written):
            raise PayloadInvalid(
                "invalid_money", f"{field}: valor inválido; o formato esperado é 1234.56."
            )
        written = written.replace(".", "").replace(",", ".")
    amount = Decimal(written)
    if amount < 0:
        raise PayloadInvalid("invalid_money", f"{field}: o valor não pode ser negativo.")
    # Compared before rounding, which can't be done to a number of a thousand digits.
    if amount > MAX_MONEY + 1 or (rounded := _to_cents(amount)) > MAX_MONEY:
        raise PayloadInvalid(
            "money_too_large", f"{field}: o valor não cabe (máximo 9.999.999.999,99)."
        )
    return rounded


def count(field: str, raw: Any) -> int | None:
    """A whole number from zero, None where absent."""
    if is_empty(raw):
        return None
    if type(raw) is int and 0 <= raw <= MAX_COUNT:
        return raw
    written = str(raw).strip()
    if not _COUNT.fullmatch(written):
        raise PayloadInvalid(
            "invalid_number", f"{field}: número inválido; esperado um inteiro a partir de zero."
        )
    digits = written.partition(".")[0].lstrip("0") or "0"
    if len(digits) > len(str(MAX_COUNT)) or int(digits) > MAX_COUNT:
        raise PayloadInvalid(
            "number_too_large", f"{field}: o número não cabe (máximo 2.147.483.647)."
        )
    return int(digits)


def moment(field: str, raw: Any) -> datetime | None:
    """In UTC, from a São Paulo time without zone; None where absent or PHP's null date.

    A time that daylight saving skipped moves forward by the hour; of one that came twice, the
    first is meant.
    """
    if is_empty(raw):
        return None
    written = str(raw).strip()
    if not written or written.startswith(_NO_DATE):
        return None
    try:
        local = datetime.fromisoformat(written) if _DATE.match(written) else None
    except ValueError:
        local = None
    if local is None or local.year not in _YEARS:
        raise PayloadInvalid(
            "invalid_date", f"{field}: data inválida; o formato esperado é aaaa-mm-dd hh:mm:ss."
        )
    return (local if local.tzinfo else local.replace(tzinfo=SAO_PAULO)).astimezone(UTC)


def flag(raw: Any) -> Any:
    """A boolean where it is one, also written as text or digit; else what was sent."""
    return _FLAGS.get(str(raw).lower(), raw)


def _to_cents(amount: Decimal) -> Decimal:
    return abs(amount.quantize(_CENT, ROUND_HALF_UP))
