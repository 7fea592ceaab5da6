"""What defines a runtime setting: its name, its texts for staff, how it is parsed and formatted."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from flowzz.core.env import RATE_UNITS, parse_rate
from flowzz.core.models import Setting
from flowzz.core.runtime_settings.cache import SAVED_VALUES

log = structlog.stdlib.get_logger(__name__)

T = TypeVar("T")
AmountT = TypeVar("AmountT", int, timedelta)

_WHOLE = re.compile(r"[0-9]{1,9}|[0-9]{1,3}(?:\.[0-9]{3}){1,2}")
"""A whole number, also `1.000`; a dot before fewer digits may be meant as a decimal point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeSetting(Generic[T]):
    """A setting of Django's that staff can change.

    `parse` raises ValueError with a message for staff; `format` returns the text to be saved.
    """

    name: str
    label: str
    hint: str
    parse: Callable[[str], T]
    format: Callable[[T], str]

    @property
    def default(self) -> T:
        value: T = getattr(settings, self.name)
        return value

    def value(self) -> T:
        """Return the current value; a change is known within seconds. Costs no SQL."""
        return self._parse_saved(SAVED_VALUES.get(self.name))

    def value_in_database(self) -> T:
        """Return the value in the database now: for actions that can't be undone."""
        saved = Setting.objects.filter(name=self.name).values_list("value", flat=True)
        return self._parse_saved(saved.first())

    def _parse_saved(self, saved: str | None) -> T:
        if saved is None:
            return self.default
        try:
            return self.parse(saved)
        except ValueError:
            log.error("saved_setting_invalid", setting=self.name)
            return self.default


_YES, _NO = "sim", "não"


def yes_no_setting(name: str, label: str, hint: str) -> RuntimeSetting[bool]:
    return RuntimeSetting(
        name=name,
        label=label,
        hint=f"{hint} Escreva {_YES} ou {_NO}.",
        parse=_parse_yes_no,
        format=lambda value: _YES if value else _NO,
    )


def rate_setting(name: str, label: str, hint: str) -> RuntimeSetting[str]:
    """Define a rate, written `10/min` by staff and `10/minute` by the `limits` library."""
    return RuntimeSetting(name=name, label=label, hint=hint, parse=_parse_rate, format=_format_rate)


def amount_setting(
    name: str, label: str, hint: str = "", *, unit: AmountT, minimum: int, maximum: int
) -> RuntimeSetting[AmountT]:
    """Define a number of units: of `timedelta(days=1)`, or of 1 for a plain number."""

    def parse(text: str) -> AmountT:
        whole = text.strip()
        digits = whole.replace(".", "")
        if not _WHOLE.fullmatch(whole) or not minimum <= int(digits) <= maximum:
            raise ValueError(f"Escreva um número inteiro de {minimum} a {maximum}.")
        return int(digits) * unit

    return RuntimeSetting(
        name=name,
        label=label,
        hint=f"{hint} De {minimum} a {maximum}.".lstrip(),
        parse=parse,
        format=lambda amount: str(amount // unit),
    )


def emails_setting(name: str, label: str, hint: str) -> RuntimeSetting[list[str]]:
    return RuntimeSetting(name=name, label=label, hint=hint, parse=_parse_emails, format=", ".join)


def _parse_yes_no(text: str) -> bool:
    word = text.strip().casefold()
    if word not in (_YES, _NO, "nao"):
        raise ValueError(f"Escreva {_YES} ou {_NO}.")
    return word == _YES


def _parse_emails(text: str) -> list[str]:
    addresses = [part for part in re.split(r"[\s,;]+", text) if part]
    for address in addresses:
        try:
            validate_email(address)
        except ValidationError:
            raise ValueError(
                f"“{address}” não é um e-mail. Separe os endereços por vírgula."
            ) from None
    return addresses


def _parse_rate(text: str) -> str:
    try:
        return parse_rate(text.strip())
    except ValueError:
        raise ValueError(
            "Escreva quantos e por quanto tempo: 10/min, 1000/h, 5/s ou 100/d."
        ) from None


def _format_rate(rate: str) -> str:
    count, unit = rate.split("/")
    return f"{count}/{next(short for short, long in RATE_UNITS.items() if long == unit)}"
