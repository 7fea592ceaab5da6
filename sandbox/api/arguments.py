"""The arguments of a control, from its query or JSON body."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.accounts import DEFAULT_ACCOUNT, is_account
from sandbox.http.messages import Request


class InvalidArgument(Exception):
    """An argument cannot be read. The message names it, in Portuguese."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """Readers of single arguments. Each raises InvalidArgument; null counts as absent."""

    values: dict[str, Any]

    def account(self) -> str:
        return self.optional_account() or DEFAULT_ACCOUNT

    def optional_account(self) -> str | None:
        account = self.text("account")
        if account is not None and not is_account(account):
            raise InvalidArgument("account: quatro algarismos, de 1000 a 9999")
        return account

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        if isinstance(value, bool | float | list | dict):
            raise InvalidArgument(f"{name}: texto esperado")
        return None if value is None else str(value)

    def url(self, name: str) -> str:
        url = self.text(name) or ""
        try:
            parts = urlsplit(url)
            is_http = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            is_http = False
        if not is_http or not url.isascii() or not url.isprintable() or " " in url:
            raise InvalidArgument(f"{name}: endereço http:// ou https:// esperado")
        return url

    def integer(self, name: str, *, default: int, minimum: int = 0, maximum: int) -> int:
        number = self.number(name, default=default, minimum=minimum, maximum=maximum)
        if number != int(number):
            raise InvalidArgument(f"{name}: número inteiro esperado")
        return int(number)

    def number(self, name: str, *, default: float, minimum: float = 0, maximum: float) -> float:
        value = self.values.get(name)
        try:
            number = default if value is None else float(value)
        except (TypeError, ValueError, OverflowError):
            number = float("nan")
        if not minimum <= number <= maximum:
            raise InvalidArgument(f"{name}: número de {minimum:g} a {maximum:g} esperado")
        return number

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.values.get(name)
        if not isinstance(value, bool | None):
            raise InvalidArgument(f"{name}: true ou false esperado")
        return default if value is None else value


def parse_arguments(request: Request) -> Arguments:
    """Merge query and JSON body; the body takes precedence. Raises InvalidArgument."""
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise InvalidArgument("corpo: objeto JSON esperado")
    return Arguments({**request.query, **body})
