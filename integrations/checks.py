"""System checks for settings that load but are unsafe."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError

from flowzz.core.env import MINIMUM_SECRET_LENGTH
from integrations.providers.registry import PROVIDERS, setting_name
from integrations.secrets import key_rotation


def check_encryption_fallbacks(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Report earlier encryption keys that are too short: misspelt or weak."""
    return [
        Error(
            f"Key number {number} of {settings.ENCRYPTION_KEY_VARIABLE}_FALLBACKS has {len(key)} "
            "characters.",
            hint=f"Each needs at least {MINIMUM_SECRET_LENGTH}; separate them with commas.",
            id="integrations.E001",
        )
        for number, key in enumerate(settings.ENCRYPTION_KEY_FALLBACKS, start=1)
        if len(key) < MINIMUM_SECRET_LENGTH
    ]


def check_urls(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Warn of URLs without TLS outside this machine and its private network."""
    public = "Passwords, tokens and webhooks would travel in the clear."
    api = "API keys would travel in the clear."
    urls = [("integrations.W001", "PUBLIC_BASE_URL", public)]
    urls += [("integrations.W003", "FRONTEND_URL", "Sellers would log in in the clear.")]
    urls += [
        ("integrations.W002", setting_name(provider, field.name), api)
        for provider in PROVIDERS
        for field in fields(provider.settings_class)
        if field.name == "api_url"
    ]
    return [
        Warning(f"{name} is not https. {harm}", hint=f"Set {name} to an https:// URL.", id=id_)
        for id_, name, harm in urls
        if _is_exposed(getattr(settings, name))
    ]


def check_webhooks_without_token(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Warn of webhook URLs without a token outside of development."""
    if settings.DEBUG or not settings.WEBHOOK_WITHOUT_TOKEN:
        return []
    return [
        Warning(
            "Webhooks are accepted at URLs without a token: anybody can send orders there, which "
            "become sales while exactly one integration is connected.",
            hint="Set WEBHOOK_WITHOUT_TOKEN=false unless an account is configured the old way.",
            id="integrations.W004",
        )
    ]


def check_stored_secrets(
    *, databases: Collection[str] | None, **kwargs: Any
) -> Sequence[CheckMessage]:
    """Warn of stored secrets that can't be decrypted; made by `migrate` and `check --database`."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    try:
        unreadable, count = key_rotation.find_unreadable()
    except (DatabaseError, InterfaceError):  # no tables yet, or reported by what needs them next
        return []
    if not unreadable:
        return []
    return [
        Warning(
            f"{len(unreadable)} of {count} stored secrets can't be decrypted: "
            f"{key_rotation.describe(unreadable)}.",
            hint=f"Add the earlier key to {settings.ENCRYPTION_KEY_VARIABLE}_FALLBACKS, or have "
            "the owners connect again and change their webhook URL.",
            id="integrations.W005",
        )
    ]


def _is_exposed(value: str) -> bool:
    url = urlsplit(value)
    host = url.hostname or ""
    # A host name without a dot (`localhost`, a container's) only resolves in the private network.
    local = "." not in host or host.startswith("127.") or host.endswith(".localhost")
    return url.scheme != "https" and not local
