"""Readers of environment variables. An empty variable counts as not set.

A wrong value raises ImproperlyConfigured, which stops the start and names the variable.
"""

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

BASE_DIR = Path(__file__).resolve().parents[2]
MINIMUM_SECRET_LENGTH = 32
RATE_UNITS = {"s": "second", "min": "minute", "h": "hour", "d": "day"}
_BOOLEANS = {
    **dict.fromkeys(("true", "on", "ok", "y", "yes", "1"), True),
    **dict.fromkeys(("false", "off", "n", "no", "0"), False),
}
OPTIONAL_PACKAGES = {
    "sentry": ["sentry-sdk"],
    "traces": [
        "opentelemetry-sdk",
        "opentelemetry-exporter-otlp-proto-http",
        "opentelemetry-instrumentation-celery",
        "opentelemetry-instrumentation-django",
        "opentelemetry-instrumentation-requests",
    ],
}
"""The packages of the settings that are off by default, by the name of their requirements."""
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_HOST = re.compile(r"(?P<host>\[[0-9a-fA-F:]+\]|[^:]+)(?::(?P<port>[0-9]{1,5}))?")

T = TypeVar("T")

environ.Env.read_env(BASE_DIR / ".env")


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def secret(name: str, *, required: bool, development: str = "") -> str:
    """Read a secret of at least 32 characters; `development` is the value if it is not set."""
    value = text(name)
    if not value and not required:
        return development
    if len(value) < MINIMUM_SECRET_LENGTH:
        raise ImproperlyConfigured(
            f"Set {name} to a secret of at least {MINIMUM_SECRET_LENGTH} characters "
            f"(it has {len(value)})."
        )
    return value


def boolean(name: str, *, default: bool) -> bool:
    value = text(name, str(default)).lower()
    return _parse(name, value, "|".join(_BOOLEANS), _BOOLEANS.__getitem__, "true or false")


def integer(name: str, default: int, *, minimum: int = 1) -> int:
    value, hint = text(name, str(default)), f"a whole number of {minimum} or more"
    parsed = _parse(name, value, r"-?[0-9]{1,9}", int, hint)
    if parsed < minimum:
        raise ImproperlyConfigured(f"Set {name} to {hint} (it is {value!r}).")
    return parsed


def number(name: str, default: float) -> float:
    """Read a positive number that may have a fraction."""
    value = text(name, str(default))
    return _parse(name, value, r"[0-9]{1,9}(\.[0-9]{1,9})?", float, "a number such as 10 or 0.5")


def comma_list(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Read values separated by commas, without the spaces around them."""
    return [part.strip() for part in text(name).split(",") if part.strip()] or list(default)


def emails(name: str) -> list[str]:
    hint = "e-mail addresses, separated by commas"
    return [_parse(name, email, ".+", _email, hint) for email in comma_list(name)]


def mapping(name: str) -> dict[str, str]:
    """Read pairs such as `key=value,other=value`."""
    hint = "pairs such as key=value,other=value"
    return dict(_parse(name, pair, "[^=]+=.+", _pair, hint) for pair in comma_list(name))


def log_level(name: str, default: str) -> str:
    hint = f"one of {', '.join(_LOG_LEVELS)}"
    return _parse(name, text(name, default).upper(), "|".join(_LOG_LEVELS), str, hint)


def rate(name: str, default: str) -> str:
    """Read a rate such as `10/min`, in the spelling of the `limits` library."""
    hint = "a rate such as 10/min, 1000/h, 5/s or 100/d"
    return _parse(name, text(name, default), ".+", parse_rate, hint)


def parse_rate(text: str) -> str:
    """Return `10/min` or `10/minute` in the spelling of the `limits` library; raises ValueError."""
    match = re.fullmatch(r"([1-9][0-9]{0,8})/([a-z]+)", text)
    unit = match and RATE_UNITS.get(match[2], match[2])
    if match is None or unit not in RATE_UNITS.values():
        raise ValueError(text)
    return f"{match[1]}/{unit}"


def url(name: str, default: str) -> str:
    """Read an http(s) URL without its last slash; an empty one is only valid as the default."""
    value = text(name, default).rstrip("/")
    if value == default == "":
        return value
    return _parse(name, value, r"https?://[^/\s]+.*", str, "a URL such as https://flowzz.example")


def sentry_dsn(name: str) -> str:
    """Read the DSN of a Sentry project; its package must be installed."""
    hint = "the DSN of a Sentry project, such as https://key@sentry.example/1"
    return _optional_package(name, r"https?://[^@/\s]+@[^/\s]+/(.*/)?[0-9]+", hint, "sentry")


def traces_endpoint(name: str) -> str:
    """Read the URL of an OTLP receiver without `/v1/traces`; its packages must be installed."""
    hint = "the URL of an OTLP receiver, such as http://127.0.0.1:4318"
    return _optional_package(name, r"https?://[^/\s]+.*", hint, "traces").removesuffix("/v1/traces")


def url_path(name: str, default: str) -> str:
    """Read a path below a base URL, without its outer slashes."""
    value = text(name, default).strip("/")
    return _parse(name, value, r"[^\s?#]+", str, "a path such as sales or v2/orders")


def parameter(name: str, default: str) -> str:
    """Read the name of a parameter of a URL; `none` means that it is not sent, and becomes ""."""
    hint = "the name of a parameter such as page, or none"
    value = _parse(name, text(name, default), r"[\w.\[\]-]+", str, hint)
    return "" if value == "none" else value


def time_format(name: str, default: str) -> str:
    """Read a format of `strftime`, with at least the date."""
    hint = "a format of strftime such as %Y-%m-%d or %Y-%m-%dT%H:%M:%S"
    return _parse(name, text(name, default), ".+", _time_format, hint)


def dotted_keys(name: str, default: str) -> list[str]:
    """Read keys of a JSON document separated by commas, such as `meta.last_page,last_page`."""
    hint = "keys such as data or meta.last_page, separated by commas"
    keys = comma_list(name, tuple(default.split(",")))
    return [_parse(name, key, r"[\w-]+(\.[\w-]+)*", str, hint) for key in keys]


def redis_url(name: str) -> str:
    hint = f"the URL of Redis, for example {name}=redis://127.0.0.1:6379/0"
    return _parse(name, text(name), r"rediss?://[^/\s]+.*", str, hint, is_secret=True)


def database_url(name: str) -> dict[str, Any]:
    """Read the URL of a PostgreSQL database as an entry of Django's DATABASES.

    It may name several hosts, separated by commas: the one that takes writes is used.
    """
    example = f"{name}=postgres://flowzz:password@127.0.0.1:5432/flowzz"
    hint = f"the URL of a PostgreSQL database, for example {example}"
    return _parse(name, text(name), "postgres(ql)?://.+", _database, hint, is_secret=True)


def email_url(name: str, default: str) -> dict[str, Any]:
    """Read how e-mails are sent, as Django's EMAIL settings."""
    hint = "how mails are sent, such as smtp+tls://user:password@mail.example:587"
    parse = environ.Env.email_url_config
    return dict(_parse(name, text(name, default), ".+", parse, hint, is_secret=True))


def _optional_package(name: str, pattern: str, hint: str, group: str) -> str:
    """Read a URL whose setting needs the packages of `requirements/<group>.txt`."""
    value = text(name).rstrip("/")
    if not value:
        return ""
    _parse(name, value, pattern, str, hint, is_secret=True)
    try:
        for package in OPTIONAL_PACKAGES[group]:
            metadata.distribution(package)  # imports nothing
    except metadata.PackageNotFoundError:
        raise ImproperlyConfigured(
            f"{name} needs {package}, which is not installed: pip install --require-hashes "
            f"-r requirements/{group}.txt (an image: build it with OPTIONAL={group}), or leave "
            f"{name} empty."
        ) from None
    return value


def _parse(
    name: str,
    value: str,
    pattern: str,
    parse: Callable[[str], T],
    hint: str,
    *,
    is_secret: bool = False,
) -> T:
    """Parse a value that matches a pattern; the error does not show a secret one."""
    try:
        if re.fullmatch(pattern, value):
            return parse(value)
    except (ValueError, ImproperlyConfigured):
        pass
    shown = "" if is_secret else f" (it is {value!r})"
    raise ImproperlyConfigured(f"Set {name} to {hint}{shown}.")


def _database(url: str) -> dict[str, Any]:
    before, at, rest = url.rpartition("@")
    hosts, slash, after = rest.partition("/")
    parsed = dict(environ.Env.db_url_config(f"{before}{at}{hosts.split(',')[0]}{slash}{after}"))
    if "," in hosts:
        pairs = [_HOST.fullmatch(host) for host in hosts.split(",")]
        if None in pairs:
            raise ValueError
        parsed["HOST"] = ",".join(pair["host"].strip("[]") for pair in pairs if pair)
        parsed["PORT"] = ",".join(pair["port"] or "5432" for pair in pairs if pair)
    return parsed


def _email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise ValueError from None
    return text


def _time_format(text: str) -> str:
    sample = datetime(2026, 11, 29, 21, 5, 4, tzinfo=UTC)
    parsed = datetime.strptime(sample.strftime(text), text).replace(tzinfo=UTC)
    if parsed.date() != sample.date():
        raise ValueError(text)
    return text


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key, value
