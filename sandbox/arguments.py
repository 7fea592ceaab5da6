"""The arguments of a control: from the query or the JSON body, checked one by one."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.accounts import DEFAULT_ACCOUNT, is_account
from sandbox.exchange import Request


class ArgumentInvalid(Exception):
    """Says in Portuguese what is wrong."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """Each reader raises ArgumentInvalid; an argument that is null counts as absent."""

    values: dict[str, Any]

    def account(self) -> str:
        return self.account_or_any() or DEFAULT_ACCOUNT

    def account_or_any(self) -> str | None:
        account = self.text("account")
        if account is not None and not is_account(account):
            raise ArgumentInvalid("account: quatro algarismos, de 1000 a 9999")
        return account

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        if isinstance(value, bool | float | list | dict):
            raise ArgumentInvalid(f"{name}: texto esperado")
        return None if value is None else str(value)

    def url(self, name: str) -> str:
        url = self.text(name) or ""
        try:
            parts = urlsplit(url)
            known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            known = False
        if not known or not url.isascii() or not url.isprintable() or " " in url:
            raise ArgumentInvalid(f"{name}: endereço http:// ou https:// esperado")
        return url

    def integer(self, name: str, *, default: int, least: int = 0, most: int) -> int:
        number = self.number(name, default=default, least=least, most=most)
        if number != int(number):
            raise ArgumentInvalid(f"{name}: número inteiro esperado")
        return int(number)

    def number(self, name: str, *, default: float, least: float = 0, most: float) -> float:
        value = self.values.get(name)
        try:
            number = default if value is None else float(value)
        except (TypeError, ValueError, OverflowError):
            number = float("nan")
        if not least <= number <= most:
            raise ArgumentInvalid(f"{name}: número de {least:g} a {most:g} esperado")
        return number

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.values.get(name)
        if not isinstance(value, bool | None):
            raise ArgumentInvalid(f"{name}: true ou false esperado")
        return default if value is None else value


def arguments_of(request: Request) -> Arguments:
    """Join query and body, the body first; ArgumentInvalid where it is no JSON object."""
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ArgumentInvalid("corpo: objeto JSON esperado")
    return Arguments({**request.query, **body})
