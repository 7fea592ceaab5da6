"""The list of providers. One line in `PROVIDERS` adds one."""

from dataclasses import fields
from functools import cache
from typing import Any, Final

from django.conf import settings

from integrations.providers.coinzz import CoinzzProvider
from integrations.providers.contracts import Provider

PROVIDERS: Final[list[type[Provider]]] = [CoinzzProvider]


def get_provider(name: str) -> Provider:
    """Return a provider with its current settings. Raises KeyError."""
    return _build(_by_name()[name])


def all_providers() -> list[Provider]:
    return [_build(provider) for provider in PROVIDERS]


def provider_names() -> list[str]:
    return [provider.name for provider in PROVIDERS]


def signature_header(name: str) -> str:
    """Return the header of a provider's signatures, without its other settings."""
    provider = _by_name()[name]
    setting = setting_name(provider, "signature_header")
    return getattr(settings, setting, provider.signature_header)


def default_provider() -> str:
    """Return the name of the first provider: the one of files uploaded without a provider."""
    return PROVIDERS[0].name


@cache
def setting_name(provider: type[Provider], field: str) -> str:
    """Return the name of the Django setting behind a field of a provider's `settings_class`."""
    return f"{provider.name}_{field}".upper()


def _by_name() -> dict[str, type[Provider]]:
    return {provider.name: provider for provider in PROVIDERS}


def _build(provider: type[Provider]) -> Provider:
    values: dict[str, Any] = {
        field.name: getattr(settings, setting_name(provider, field.name))
        for field in fields(provider.settings_class)
    }
    return provider(provider.settings_class(**values))
