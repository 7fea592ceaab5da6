import pytest
from pytest_django.fixtures import Settings

from integrations.providers import registry
from integrations.providers.coinzz import COINZZ, CoinzzProvider


def test_provider_is_built_with_its_current_settings(settings: Settings) -> None:
    settings.COINZZ_SIGNATURE_HEADER = "X-Assinatura"

    assert registry.get_provider(COINZZ).signature_header == "X-Assinatura"
    assert [provider.signature_header for provider in registry.all_providers()] == ["X-Assinatura"]


def test_unknown_provider_is_an_error() -> None:
    with pytest.raises(KeyError):
        registry.get_provider("otherpay")


def test_setting_name_begins_with_the_name_of_the_provider() -> None:
    assert registry.setting_name(CoinzzProvider, "api_url") == "COINZZ_API_URL"


def test_names_of_providers_fit_into_a_url() -> None:
    assert [name for name in registry.provider_names() if not name.isalnum()] == []
