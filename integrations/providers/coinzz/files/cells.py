"""Cells of a file: what spreadsheets add to a value, and what they damage. Pure."""

import re
from datetime import datetime, timedelta
from typing import Final
from unicodedata import normalize

from clients.cleaning import clean_text, fold

# Excel writes `="007"` for a text with leading zeros.
_TEXT_FORMULA: Final = re.compile(r'="([^"]*)"')
_MARKS: Final = ("=", "#", "'")
_ERRORS: Final = re.compile(r"#(?:N/[AD]|REF!|VALUE!|VALOR!|DIV/0!|NAME\?|NOME\?|N[UÚ]M!|#+)")
_WHOLE: Final = re.compile(r"([0-9]+)[.,]0{1,2}")
_SHORTENED: Final = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_DATE: Final = re.compile(
    r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})"
    r"(?:,?\s+(?:às\s+|-\s*)?([0-9]{1,2})[:h]([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]+)?)?)?"
)
_TOTALS_LABEL: Final = re.compile(
    r"(?:(?:sub|grand|valor|receita|vendas?|faturamento) )?"
    r"(?:sub)?(?:total|totais|soma|somatorio|sum|media|geral|resumo|acumulado)\b"
    r"|(?:saldo|faturamento|receita)$"
    r"|(?:quantidade|numero|qtd|qtde)\b.*\b(?:pedidos|vendas|registros)\b"
)
_NOT_LETTERS: Final = re.compile(r"[^a-z]+")
_SERIAL_DATE: Final = re.compile(r"[2-7][0-9]{4}(?:[.,][0-9]+)?")
_DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?: 00:00:00)?")
_TIME: Final = re.compile(
    r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:\s*[ap]\.?m\.?)?", re.IGNORECASE
)
_SERIAL_TIME: Final = re.compile(r"0[.,][0-9]+")
_SERIAL_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's times are local


def clean_cell(cell: str) -> str:
    """Return a cell's text, without the marks by which a spreadsheet keeps texts as they are."""
    text = clean_text(cell)
    if not text.startswith(_MARKS):
        return text
    if formula := _TEXT_FORMULA.fullmatch(text):
        text = formula[1].strip()
    if _ERRORS.fullmatch(text):
        return ""
    return text.removeprefix("'").strip()


def is_shortened(text: str) -> bool:
    """Return whether a spreadsheet shortened a long number, as in `7,34101E+10`."""
    return bool(_SHORTENED.fullmatch(text))


def is_totals_label(text: str) -> bool:
    """Return whether a cell names a line of totals, as `TOTAL GERAL` does."""
    if text.startswith(("Σ", "∑")):
        return True
    return bool(_TOTALS_LABEL.match(" ".join(_NOT_LETTERS.split(fold(text))).strip()))


def whole_number(text: str) -> str:
    """Remove decimals of zero, as in `2,00`; return other texts as they are."""
    match = _WHOLE.fullmatch(text)
    return match[1] if match else text


def iso_date(text: str) -> str:
    """Return a date of a file as `yyyy-mm-dd hh:mm:ss`; other texts as they are.

    Dates are day/month/year, or the number of days since 1899-12-30 in which spreadsheets count.
    """
    if _SERIAL_DATE.fullmatch(text):
        return _serial_datetime(text)
    if not (match := _DATE.fullmatch(text)):
        return text
    day, _, month, year, hour, minute, second = match.groups(default="0")
    year = f"20{year}" if len(year) == 2 else year
    date = f"{year}-{int(month):02}-{int(day):02}"
    return f"{date} {int(hour):02}:{minute:0>2}:{second:0>2}" if match[5] else date


def join_phone(country: str, area: str, number: str) -> str:
    """Return a phone whose area code, or country code, is in a column of its own."""
    country, area = (_digits(whole_number(part)).lstrip("0") for part in (country, area))
    if not number or number.startswith("+"):
        return number
    if country not in ("", "55"):
        return f"+{country} {area}{number}"
    is_local = len(_digits(whole_number(number))) in (8, 9)
    return f"({area}) {number}" if area and is_local else number


def join_time(date: str, *times: str) -> str:
    """Return a date with the time from a column of its own."""
    time = next(filter(None, times), "").replace("h", ":").rstrip(":")
    if _SERIAL_TIME.fullmatch(time):  # a part of a day, as in which spreadsheets count
        time = _serial_datetime(time)[len("1899-12-30 ") :]
    day = _DAY.fullmatch(date)
    return f"{day[1]} {time}" if day and _TIME.fullmatch(time) else date


def _serial_datetime(text: str) -> str:
    days = timedelta(days=float(text.replace(",", ".")))
    return f"{_SERIAL_EPOCH + timedelta(seconds=round(days.total_seconds()))}"


def comparable(text: str) -> str:
    return " ".join(normalize("NFKC", text).casefold().split())


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdecimal())
