"""Parsers of single values as Coinzz, its API and files send them. Pure.

Each returns "" or None for a missing value, and raises Unreadable for one without a clear meaning.
"""

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from clients.cleaning import clean_digits, clean_text
from flowzz.core.caching import cache_short

SAO_PAULO: Final = ZoneInfo("America/Sao_Paulo")
"""The time zone of all times in Coinzz, which sends none."""

MAX_MONEY: Final = Decimal("9999999999.99")
MAX_COUNT: Final = 2_147_483_647
MAX_IDENTITY_LENGTH: Final = 128

NEGATIVE_MONEY: Final = "negative_money"

_CENT: Final = Decimal("0.01")
_TOO_MUCH: Final = MAX_MONEY + _CENT / 2
"""Compared before rounding: Decimal cannot round a number of a thousand digits."""
_MAX_DIGITS: Final = 40
"""A number with more digits before its fraction stays in scientific notation."""

_NOTHING: Final = (
    *("", "0", "-", "--", "---", "–", "—", "null", "undefined", "none", "nil", "nan", "n/a"),
    *("false", "[]", "{}"),
)
EMPTY_TEXTS: Final = frozenset(
    form for text in _NOTHING for form in (text, text.upper(), text.capitalize())
)
"""How systems write that there is no value."""

_SMALL_COUNT: Final = re.compile(r"[0-9]{1,9}")
_PLAIN_MONEY: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,2})?")
# A label, an apostrophe, a sign and a currency around the amount.
_AROUND_MONEY: Final = re.compile(
    r"^['\"]*(?:[^\W\d_][^:0-9]*:)?\s{0,9}([+-]?)\s{0,9}(?:R\$:?|BRL)?\s*"
    r"|[.,]?\s{0,9}(?:R\$|BRL|reais)?[.'\"]{0,9}$",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
# 1.234 is 1234 in Brazil and 1,234 elsewhere; 0.500 and 1234.567 have one meaning.
_AMBIGUOUS: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
_COMMA_DECIMAL: Final = re.compile(
    r"[+-]?(?:(?:[0-9]*|[0-9]{1,3}(?:[. ][0-9]{3})+),[0-9]+|[0-9]{1,3}(?:\.[0-9]{3}){2,})"
)
_DOT_DECIMAL: Final = re.compile(
    r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+|[0-9]{1,3}(?:,[0-9]{3}){2,})"
)

_PHP_ZONES: Final = {"America/Sao_Paulo": "", "UTC": "Z", "Z": "Z"}
# PHP's Carbon turns the first into the second; the others are its time zero.
_NO_DATE: Final = (
    *("0000-00-00", "-0001-11-30", "00/00/0000"),
    *("1970-01-01", "1969-12-31", "01/01/1970", "31/12/1969"),
)
_PLAIN_TIME: Final = re.compile(r"(?:19|20|21)[0-9]{2}(?:-[0-9]{2}){2} [0-9]{2}(?::[0-9]{2}){2}")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ Tt][0-9]{2}:(?!.*[aApP]\.?[mM])|$)")
_YEAR_FIRST: Final = re.compile(r"([0-9]{4})([/-])([0-9]{1,2})\2([0-9]{1,2})\b")
_BRAZILIAN_DATE: Final = re.compile(
    r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})"
    r"(?:(?:T|,?\s+(?:[àa]s\s+|-\s*)?)([0-9]{1,2})[:h]([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]+)?)?"
    r"h?(\s*[ap]\.?m\.?)?)?",
    re.IGNORECASE,
)
_HYPHENS: Final = re.compile("[\u2010-\u2015\N{MINUS SIGN}]")
_SPACED_ZONE: Final = re.compile(r"\s{1,9}(?:(?=[+-][0-9]{2})|(?:UTC|GMT|Z)$)", re.IGNORECASE)
# Seconds since 1970, from 2001 on, or milliseconds. Fewer digits are a date without separators.
_EPOCH: Final = re.compile(r"([1-9][0-9]{9})([0-9]{3})?(?:\.[0-9]+)?")
_YEARS: Final = range(1900, 2201)
"""Years outside are mistakes, and PostgreSQL cannot return those at the ends of the calendar."""

_FLAGS: Final = dict.fromkeys(("true", "1", "sim", "s", "yes", "y", "on"), True) | dict.fromkeys(
    ("false", "0", "não", "nao", "n", "no", "off"), False
)


class Unreadable(ValueError):
    """A value of the wrong type or form; `reason` is a stable snake_case code."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        """Portuguese, without the value: it may be a name or a document."""


def is_empty(value: Any) -> bool:
    """Return whether no value was sent: null, PHP's `false`, `[]` for an object, `"-"`."""
    return not value or (isinstance(value, str) and not parse_text(value))


def is_missing_number(raw: Any) -> bool:
    """Return whether no number was sent; zero is one, also as a text."""
    if isinstance(raw, int | Decimal):
        return raw is False
    return is_empty(raw) and clean_text(str(raw)) != "0"


def parse_text(raw: Any) -> str:
    """Return a clean text; a number becomes its digits."""
    if not raw:
        return ""
    if isinstance(raw, str):
        text = clean_text(raw)
        return "" if text in EMPTY_TEXTS else text
    if raw is True or isinstance(raw, dict | list):
        raise Unreadable("not_a_text", "esperado um texto.")
    return _number_text(raw)


def parse_identity(raw: Any) -> str:
    """Return an order number without invisible characters, else exactly as sent."""
    if raw is True or (raw and isinstance(raw, dict | list)):
        raise Unreadable("invalid_identity", "esperado um texto.")
    value = parse_text(raw)
    if len(value) > MAX_IDENTITY_LENGTH:
        raise Unreadable(
            "invalid_identity", f"longo demais (máximo {MAX_IDENTITY_LENGTH} caracteres)."
        )
    return value


def parse_money(raw: Any) -> Decimal | None:
    """Return an amount in BRL, rounded half-up to the cent. Zero is an amount."""
    if isinstance(raw, str | int | float | Decimal):
        return _amount(raw)
    if raw:
        raise _invalid_money()
    return None


@cache_short(4096, typed=True)  # a seller has few prices
def _amount(raw: str | float | Decimal) -> Decimal | None:
    if raw is True:
        raise _invalid_money()
    if raw is False:
        return None
    if isinstance(raw, str):
        if _PLAIN_MONEY.fullmatch(raw):
            return Decimal(raw).quantize(_CENT)
        if is_missing_number(raw):
            return None
        amount = _decimal(_AROUND_MONEY.sub(r"\1", _ascii_number(raw)))
    else:
        amount = Decimal(str(raw))
    if amount < 0:
        raise Unreadable(NEGATIVE_MONEY, "o valor não pode ser negativo.")
    if amount >= _TOO_MUCH:
        raise Unreadable("money_too_large", "o valor não cabe (máximo 9.999.999.999,99).")
    return abs(amount.quantize(_CENT, ROUND_HALF_UP))  # not -0.00


def parse_count(raw: Any) -> int | None:
    """Return a whole number of 0 or more."""
    if type(raw) is int and 0 <= raw <= MAX_COUNT:
        return raw
    if isinstance(raw, str) and _SMALL_COUNT.fullmatch(raw):
        return int(raw)
    if is_missing_number(raw):
        return None
    try:
        number = _number(raw)
    except Unreadable as error:
        if error.reason == "ambiguous_money":
            message = "número ambíguo; escreva 1000 ou 1, por exemplo."
            raise Unreadable("ambiguous_number", message) from None
        raise _invalid_count() from None
    if number > MAX_COUNT:
        raise Unreadable("number_too_large", "o número não cabe (máximo 2.147.483.647).")
    if number < 0 or number % 1:
        raise _invalid_count()
    return int(number)


def parse_datetime(raw: Any) -> datetime | None:
    """Return a datetime in UTC from São Paulo time, another zone or seconds since 1970.

    A time that daylight saving skipped moves forward by the hour. A time that occurred twice
    means the first. PHP's null date counts as missing.
    """
    raw = _php_time(raw) if isinstance(raw, dict) else raw
    if raw is True or (raw and isinstance(raw, dict | list)):
        raise _invalid_date()
    is_plain = isinstance(raw, str) and _PLAIN_TIME.fullmatch(raw)
    text = raw if is_plain else _ascii_number(parse_text(raw))
    if not text or text.startswith(_NO_DATE):
        return None
    try:
        if is_plain:
            return datetime.fromisoformat(text + _offset(text[:13])).astimezone(UTC)
        local = _datetime(text)
    except (ValueError, OverflowError):
        raise _invalid_date() from None
    if local.year not in _YEARS:
        raise _invalid_date()
    return (local if local.tzinfo else local.replace(tzinfo=SAO_PAULO)).astimezone(UTC)


def _php_time(fields: dict[str, Any]) -> Any:
    """Return PHP's DateTime in JSON (`date`, `timezone_type`, `timezone`) as a text."""
    zone = str(fields.get("timezone"))
    offset = zone if zone.startswith(("+", "-")) else _PHP_ZONES.get(zone)
    return fields if offset is None else f"{fields.get('date')}{offset}"


def parse_flag(raw: Any) -> bool | None:
    """Return a boolean, also for `"true"`, `"1"`, `"sim"` and the like."""
    if raw in (True, False):  # the numbers 1 and 0, too
        return bool(raw)
    if isinstance(raw, str) and (text := clean_text(raw).lower()) in _FLAGS:
        return _FLAGS[text]
    if is_empty(raw):
        return None
    raise Unreadable("invalid_flag", "esperado verdadeiro ou falso.")


def _number_text(number: int | Decimal) -> str:
    """Return a number's digits; the fraction of a whole number adds none."""
    if isinstance(number, int) or number.adjusted() >= _MAX_DIGITS:
        return str(number)
    whole = number.to_integral_value()
    return str(int(whole)) if whole == number else str(number)


def _ascii_number(raw: str) -> str:
    return _HYPHENS.sub("-", clean_digits(raw))


def _number(raw: Any) -> Decimal:
    if raw is True or isinstance(raw, dict | list):
        raise _invalid_count()
    return _decimal(_ascii_number(raw)) if isinstance(raw, str) else Decimal(raw)


def _decimal(text: str) -> Decimal:
    """Return the number in a text, Brazilian or not. Ambiguous texts are rejected."""
    if _AMBIGUOUS.fullmatch(text):
        raise Unreadable("ambiguous_money", "valor ambíguo; escreva os centavos, como em 1.234,00.")
    if _COMMA_DECIMAL.fullmatch(text):
        text = text.replace(".", "").replace(" ", "").replace(",", ".")
    elif _DOT_DECIMAL.fullmatch(text):
        text = text.replace(",", "")
    elif not _NUMBER.fullmatch(text):
        raise _invalid_money()
    return Decimal(text)


@lru_cache(maxsize=1024)
def _offset(hour: str) -> str:
    """Return São Paulo's offset in an hour (`2025-10-02 22`); it changed at full hours only."""
    return datetime.fromisoformat(f"{hour}:00").replace(tzinfo=SAO_PAULO).isoformat()[19:]


def _datetime(text: str) -> datetime:
    if _DATE.match(text):
        return datetime.fromisoformat(_SPACED_ZONE.sub(_zone, text))
    if epoch := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(epoch[1]), UTC)
    if match := _BRAZILIAN_DATE.fullmatch(_YEAR_FIRST.sub(r"\4/\3/\1", text)):
        day, _, month, year, hour, minute, second, half = match.groups()
        date = datetime(int(year), int(month), int(day), _of_24(int(hour or 0), half))  # noqa: DTZ001 - São Paulo time
        return date.replace(minute=int(minute or 0), second=int(second or 0))
    raise ValueError


def _of_24(hour: int, half: str | None) -> int:
    """Return an hour of the day from one before or after noon (`a.m.`, `p.m.`)."""
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError
    return hour % 12 + (12 if "p" in half.lower() else 0)


def _zone(match: "re.Match[str]") -> str:
    return "Z" if match[0].strip() else ""


def _invalid_money() -> Unreadable:
    message = "valor inválido; o formato esperado é 1234.56."
    return Unreadable("invalid_money", message)


def _invalid_count() -> Unreadable:
    message = "número inválido; esperado um inteiro a partir de zero."
    return Unreadable("invalid_number", message)


def _invalid_date() -> Unreadable:
    message = "data inválida; o formato esperado é aaaa-mm-dd hh:mm:ss."
    return Unreadable("invalid_date", message)
