import pytest
from pytest_django.fixtures import Settings

from integrations.checks import check_encryption_fallbacks, check_urls


@pytest.fixture(autouse=True)
def _api_is_https(settings: Settings) -> None:
    settings.COINZZ_API_URL = "https://coinzz.test/api"


def test_valid_settings_pass() -> None:
    assert [*check_encryption_fallbacks(None), *check_urls(None)] == []


def test_short_fallback_key_is_an_error_that_does_not_contain_it(settings: Settings) -> None:
    settings.ENCRYPTION_KEY_FALLBACKS = ["x" * 32, "curta"]
    [error] = check_encryption_fallbacks(None)
    assert (error.id, error.msg) == (
        "integrations.E001",
        "Key number 2 of COINZZ_ENCRYPTION_KEY_FALLBACKS has 5 characters.",
    )


@pytest.mark.parametrize(
    ("address", "ids"),
    [
        ("https://flowzz.example", []),
        ("http://127.0.0.1:8000", []),
        ("http://localhost:8000", []),
        ("http://web:8000", []),
        ("http://flowzz.localhost:8000", []),
        ("http://flowzz.example", ["integrations.W001"]),
        ("http://10.0.0.7", ["integrations.W001"]),
    ],
)
def test_public_url_without_https_is_a_warning_unless_it_is_local(
    settings: Settings, address: str, ids: list[str]
) -> None:
    settings.PUBLIC_BASE_URL = address
    assert [warning.id for warning in check_urls(None)] == ids


def test_api_url_without_https_is_a_warning(settings: Settings) -> None:
    settings.COINZZ_API_URL = "http://app.coinzz.example/api"
    assert [warning.id for warning in check_urls(None)] == ["integrations.W002"]


def test_frontend_url_without_https_is_a_warning(settings: Settings) -> None:
    settings.FRONTEND_URL = "http://app.flowzz.example"
    assert [warning.id for warning in check_urls(None)] == ["integrations.W003"]
