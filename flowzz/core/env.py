"""Readers of the environment: a wrong value stops the start and says which variable to set.

An empty variable is one that is not set.
"""

import os
import re
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

BASE_DIR = Path(__file__).resolve().parents[2]
MINIMUM_SECRET_LENGTH = 32
RATE_UNITS = {"s": "second", "min": "minute", "h": "hour", "d": "day"}
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
TRUE = {"true", "on", "ok", "y", "yes", "1"}
FALSE = {"false", "off", "n", "no", "0"}

environ.Env.read_env(BASE_DIR / ".env")


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def secret(name: str, *, required: bool, development: str = "") -> str:
    """Read a secret of at least 32 characters.

    Raises ImproperlyConfigured when it is shorter, or absent where it is `required`.
    """
    value = text(name)
    if not value and not required:
        return development
    if len(value) < MINIMUM_SECRET_LENGTH:
        raise ImproperlyConfigured(
            f"Set {name} to a secret of at least {MINIMUM_SECRET_LENGTH} characters "
            f"(it has {len(value)})."
        )
    return value


def flag(name: str, *, default: bool) -> bool:
    """Read true or false; a word that is neither would switch a protection off unseen."""
    value = text(name).lower()
    if value and value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"Set {name} to true or false (it is {value!r}).")
    return value in TRUE if value else default


def whole(name: str, default: int, *, least: int = 1) -> int:
    """Read a whole number; raises ImproperlyConfigured when it is none, or under `least`."""
    value = text(name, str(default))
    if not re.fullmatch(r"-?[0-9]{1,9}", value) or int(value) < least:
        raise ImproperlyConfigured(
            f"Set {name} to a whole number of {least} or more (it is {value!r})."
        )
    return int(value)


def number(name: str, default: float) -> float:
    """Read a number that may have a fraction; raises ImproperlyConfigured."""
    value = text(name, str(default))
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        raise ImproperlyConfigured(f"Set {name} to a number such as 10 or 0.5 (it is {value!r}).")
    return float(value)


def words(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Read a list by commas, with or without spaces around them."""
    return [word.strip() for word in text(name).split(",") if word.strip()] or list(default)


def emails(name: str) -> list[str]:
    """Read e-mail addresses by commas; raises ImproperlyConfigured."""
    addresses = words(name)
    for address in addresses:
        try:
            validate_email(address)
        except ValidationError:
            raise ImproperlyConfigured(
                f"Set {name} to e-mail addresses, separated by commas ({address!r} is none)."
            ) from None
    return addresses


def pairs(name: str) -> dict[str, str]:
    """Read `<this>=<that>,…`; raises ImproperlyConfigured."""
    found = [word.partition("=") for word in words(name)]
    if not all(this and that for this, _, that in found):
        raise ImproperlyConfigured(f"Set {name} to pairs such as this=that,other=thing.")
    return {this: that for this, _, that in found}


def level(name: str, default: str) -> str:
    """Read the name of a log level; raises ImproperlyConfigured."""
    value = text(name, default).upper()
    if value not in LEVELS:
        raise ImproperlyConfigured(f"Set {name} to one of {', '.join(LEVELS)} (it is {value!r}).")
    return value


def rate(name: str, default: str) -> str:
    """Read a rate such as `10/min` and give it as the `limits` library spells it.

    Raises ImproperlyConfigured when it isn't `<count>/<s|min|h|d>`.
    """
    value = text(name, default)
    try:
        return parse_rate(value)
    except ValueError:
        raise ImproperlyConfigured(
            f"Set {name} to a rate such as 10/min, 1000/h, 5/s or 100/d (it is {value!r})."
        ) from None


def parse_rate(text: str) -> str:
    """Return `10/min` or `10/minute` as the `limits` library writes it; raises ValueError."""
    match = re.fullmatch(r"([1-9][0-9]{0,8})/([a-z]+)", text)
    unit = match and (RATE_UNITS.get(match[2]) or match[2])
    if match is None or unit not in RATE_UNITS.values():
        raise ValueError(text)
    return f"{match[1]}/{unit}"


def url(name: str, default: str) -> str:
    """Read an http(s) address without its last slash; raises ImproperlyConfigured."""
    value = text(name, default).rstrip("/")
    if not re.match(r"https?://[^/\s]+", value):
        raise ImproperlyConfigured(f"Set {name} to an address such as https://flowzz.example.")
    return value


# The addresses below hold passwords, and what is said of them must not show them.


def redis_url(name: str) -> str:
    """Read where Redis is; raises ImproperlyConfigured."""
    value = text(name)
    if not re.match(r"rediss?://[^/\s]+", value):
        raise ImproperlyConfigured(
            f"Set {name} to where Redis is, for example {name}=redis://127.0.0.1:6379/0"
        )
    return value


def database_url(name: str) -> dict[str, Any]:
    """Read where PostgreSQL is, as Django spells it; raises ImproperlyConfigured."""
    try:
        if re.match(r"postgres(ql)?://", text(name)):
            return dict(environ.Env.db_url_config(text(name)))
    except ValueError:  # such as a port that is no number
        pass
    raise ImproperlyConfigured(
        f"Set {name} to a PostgreSQL database, for example "
        f"{name}=postgres://flowzz:password@127.0.0.1:5432/flowzz"
    )


def email_url(name: str, default: str) -> dict[str, Any]:
    """Read how mails are sent, as Django spells it; raises ImproperlyConfigured."""
    try:
        return dict(environ.Env.email_url_config(text(name, default)))
    except (ImproperlyConfigured, ValueError):
        raise ImproperlyConfigured(
            f"Set {name} to how mails are sent, such as smtp+tls://user:password@mail.example:587"
        ) from None
