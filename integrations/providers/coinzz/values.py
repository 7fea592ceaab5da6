"""Parsers of single values as Coinzz sends them. Pure.

Each raises PayloadInvalid with the field's name. The message never contains the value: it may be
a name or a document.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from integrations.providers.errors import PayloadInvalid

SAO_PAULO: Final = ZoneInfo("America/Sao_Paulo")
"""The time zone of all times in Coinzz, which sends none."""

MAX_MONEY: Final = Decimal("9999999999.99")
MAX_COUNT: Final = 2_147_483_647
MAX_IDENTITY_LENGTH: Final = 128

_CENT: Final = Decimal("0.01")
_MONEY: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
# One or two decimals after the comma: "1,234" is rejected, as it means 1234 outside of Brazil.
_BRAZILIAN_MONEY: Final = re.compile(r"-?([0-9]+|[0-9]{1,3}(\.[0-9]{3})+),[0-9]{1,2}")
_COUNT: Final = re.compile(r"[0-9]+(\.0+)?")
# PHP's Carbon turns the first into the second.
_NO_DATE: Final = ("0000-00-00", "-0001-11-30")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]|$)")
_YEARS: Final = range(1900, 2201)
"""Years outside are mistakes, and PostgreSQL cannot return those at the ends of the calendar."""

_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}

_REPAIRS: Final[dict[int, str]] = (
    dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), "")
    | dict.fromkeys(map(ord, "\t\n\r"), " ")
    | dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")
)


def clean_text(text: str) -> str:
    """Strip spaces, and remove control characters and lone surrogates."""
    return (text if text.isprintable() else text.translate(_REPAIRS)).strip()


def json_safe(value: Any) -> Any:
    """Return an unparsed value in a form that JSON and PostgreSQL can store."""
    if isinstance(value, str):
        return clean_text(value)
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, dict):
        return {clean_text(str(key)): json_safe(child) for key, child in value.items()}
    if isinstance(value, list):
        return [json_safe(child) for child in value]
    return str(value)


def non_empty_values(fields: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Return the values of the fields `keys` that are not empty, made JSON-safe."""
    values = {}
    for key in keys:
        raw = fields[key]
        value = clean_text(raw) if isinstance(raw, str) else json_safe(raw)
        if value or isinstance(value, int):
            values[key] = value
    return values


def is_empty(value: Any) -> bool:
    """Return whether no value was sent. PHP writes an empty object as an empty list."""
    return not value and not isinstance(value, int)


def parse_text(field: str, raw: Any) -> str:
    """Return a text; a number becomes its digits, and null or PHP's `false` an empty text."""
    if isinstance(raw, str):
        return clean_text(raw)
    if raw is None or raw is False:
        return ""
    if raw is True or isinstance(raw, dict | list):
        raise PayloadInvalid("not_a_text", f"{field}: esperado um texto.")
    return clean_text(str(raw))


def parse_identity(field: str, raw: Any) -> str:
    """Return an order number exactly as sent: a corrected one could be another order's."""
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


def parse_money(field: str, raw: Any) -> Decimal:
    """Return an amount in BRL, rounded half-up to the cent; also accepts `1.234,56`."""
    if is_empty(raw):
        raise PayloadInvalid("missing_money", f"{field}: campo obrigatório, veio vazio.")
    text = str(raw).strip()
    if not _MONEY.fullmatch(text):
        if not _BRAZILIAN_MONEY.fullmatch(text):
            raise PayloadInvalid(
                "invalid_money", f"{field}: valor inválido; o formato esperado é 1234.56."
            )
        text = text.replace(".", "").replace(",", ".")
    amount = Decimal(text)
    if amount < 0:
        raise PayloadInvalid("invalid_money", f"{field}: o valor não pode ser negativo.")
    # Compared before rounding: Decimal cannot round a number of a thousand digits.
    if amount > MAX_MONEY + 1 or (rounded := _to_cents(amount)) > MAX_MONEY:
        raise PayloadInvalid(
            "money_too_large", f"{field}: o valor não cabe (máximo 9.999.999.999,99)."
        )
    return rounded


def parse_count(field: str, raw: Any) -> int | None:
    """Return a whole number of 0 or more; None if there is no value."""
    if is_empty(raw):
        return None
    if type(raw) is int and 0 <= raw <= MAX_COUNT:
        return raw
    text = str(raw).strip()
    if not _COUNT.fullmatch(text):
        raise PayloadInvalid(
            "invalid_number", f"{field}: número inválido; esperado um inteiro a partir de zero."
        )
    digits = text.partition(".")[0].lstrip("0") or "0"
    if len(digits) > len(str(MAX_COUNT)) or int(digits) > MAX_COUNT:
        raise PayloadInvalid(
            "number_too_large", f"{field}: o número não cabe (máximo 2.147.483.647)."
        )
    return int(digits)


def parse_datetime(field: str, raw: Any) -> datetime | None:
    """Return a datetime in UTC from São Paulo time; None for no value or PHP's null date.

    A time that daylight saving skipped moves forward by the hour. A time that occurred twice
    means the first.
    """
    if is_empty(raw):
        return None
    text = str(raw).strip()
    if not text or text.startswith(_NO_DATE):
        return None
    try:
        local = datetime.fromisoformat(text) if _DATE.match(text) else None
    except ValueError:
        local = None
    if local is None or local.year not in _YEARS:
        raise PayloadInvalid(
            "invalid_date", f"{field}: data inválida; o formato esperado é aaaa-mm-dd hh:mm:ss."
        )
    return (local if local.tzinfo else local.replace(tzinfo=SAO_PAULO)).astimezone(UTC)


def parse_flag(raw: Any) -> Any:
    """Return a boolean for `"true"`, `"1"` and the like; any other value as sent."""
    return _FLAGS.get(str(raw).lower(), raw)


def _to_cents(amount: Decimal) -> Decimal:
    return abs(amount.quantize(_CENT, ROUND_HALF_UP))
