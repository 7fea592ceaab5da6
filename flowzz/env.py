"""Readers of the environment: a wrong value stops the start and says which variable to set."""

import re
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
MINIMUM_SECRET_LENGTH = 32
UNITS = {"s": "second", "min": "minute", "h": "hour", "d": "day"}

environ.Env.read_env(BASE_DIR / ".env")
env = environ.Env()


def secret(name: str, *, required: bool, development: str = "") -> str:
    """Read a secret of at least 32 characters.

    Raises ImproperlyConfigured when it is shorter, or absent where it is `required`.
    """
    value: str = env.str(name, default="")
    if not value and not required:
        return development
    if len(value) < MINIMUM_SECRET_LENGTH:
        raise ImproperlyConfigured(
            f"Set {name} to a secret of at least {MINIMUM_SECRET_LENGTH} characters "
            f"(it has {len(value)})."
        )
    return value


def rate(name: str, default: str) -> str:
    """Read a rate such as `10/min` and give it as the `limits` library spells it.

    Raises ImproperlyConfigured when it isn't `<count>/<s|min|h|d>`.
    """
    value: str = env.str(name, default=default)
    try:
        return spelled_rate(value)
    except ValueError:
        raise ImproperlyConfigured(
            f"Set {name} to a rate such as 10/min, 1000/h, 5/s or 100/d (it is {value!r})."
        ) from None


def spelled_rate(text: str) -> str:
    """`10/min` as the `limits` library spells it; raises ValueError."""
    match = re.fullmatch(r"([1-9][0-9]{0,8})/(s|min|h|d)", text)
    if match is None:
        raise ValueError(text)
    return f"{match[1]}/{UNITS[match[2]]}"


def url(name: str, *, default: str = "") -> str:
    """Read an http(s) address without its last slash; raises ImproperlyConfigured."""
    value: str = env.str(name, default=default).rstrip("/")
    if not re.match(r"https?://[^/\s]+", value):
        raise ImproperlyConfigured(f"Set {name} to an address such as https://flowzz.example.")
    return value


def required(name: str, example: str) -> str:
    """Read a text that must not be empty; raises ImproperlyConfigured with an example."""
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"Set {name}, for example {name}={example}")
    return value
