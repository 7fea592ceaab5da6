"""System checks: settings that load, and yet would harm."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from flowzz.core.env import MINIMUM_SECRET_LENGTH

ADDRESSES = {
    "PUBLIC_BASE_URL": "Passwords, tokens and webhooks would travel in the clear.",
    "COINZZ_API_URL": "API keys would travel in the clear.",
}
SIZES = (
    "FALLBACK_BUFFER_MAX_BYTES",
    "FALLBACK_BUFFER_MAX_EVENTS",
    "INBOX_BATCH_SIZE",
    "SYNC_PAGE_SIZE",
    "WEBHOOK_MAX_BYTES",
)


def check_encryption_fallbacks(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Earlier keys are as long as a key must be: a short one is a typing error or a weak key."""
    return [
        Error(
            f"Key number {number} of COINZZ_ENCRYPTION_KEY_FALLBACKS has {len(key)} characters.",
            hint=f"Each needs at least {MINIMUM_SECRET_LENGTH}; separate them with commas.",
            id="integrations.E001",
        )
        for number, key in enumerate(settings.COINZZ_ENCRYPTION_KEY_FALLBACKS, start=1)
        if len(key) < MINIMUM_SECRET_LENGTH
    ]


def check_addresses(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """What leaves this machine or its private network goes through TLS."""
    return [
        Warning(f"{name} is not https. {harm}", hint=f"Set {name} to an https:// address.", id=id_)
        for id_, (name, harm) in zip(
            ("integrations.W001", "integrations.W002"), ADDRESSES.items(), strict=True
        )
        if _is_exposed(getattr(settings, name))
    ]


def check_sizes(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """A size of nothing would stop the work without a word."""
    return [
        Error(f"{name} is {value}.", hint="Set it to 1 or more.", id="integrations.E002")
        for name in SIZES
        if (value := getattr(settings, name)) < 1
    ]


def _is_exposed(address: str) -> bool:
    url = urlsplit(address)
    host = url.hostname or ""
    # A name without a dot (`localhost`, a container's) is found on the own network only.
    local = "." not in host or host.startswith("127.") or host.endswith(".localhost")
    return url.scheme != "https" and not local
