"""Changing the encryption key."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from integrations.models import Integration, WebhookToken
from integrations.secrets import field_encryption
from integrations.secrets.crypto import Cipher
from integrations.secrets.key_rotation import RotationResult, all_secrets, rewrite
from integrations.webhooks.tokens import webhook_url
from tests.factories import IntegrationFactory

OLD = "uma chave anterior, usada somente nestes testes"
NEW = "uma chave nova, usada somente nestes testes ...."
API_KEY = "8702|chaveInventadaParaOsTestesDestaPagina0123456789k01"


@pytest.fixture(autouse=True)
def _fresh_cipher() -> Iterator[None]:
    field_encryption.cipher.cache_clear()
    yield
    field_encryption.cipher.cache_clear()


@pytest.fixture
def integration(settings: Settings, db: None) -> Integration:
    """An integration with secrets encrypted by the old key; the new key is the current one."""
    settings.ENCRYPTION_KEY = OLD
    integration = IntegrationFactory.create()
    field_encryption.encrypt(integration, "api_key", API_KEY)
    integration.save()
    webhook_url(integration)
    settings.ENCRYPTION_KEY = NEW
    settings.ENCRYPTION_KEY_FALLBACKS = [OLD]
    field_encryption.cipher.cache_clear()
    return integration


def rotate(**options: bool) -> str:
    out = StringIO()
    call_command("rotate_encryption_key", stdout=out, **options)
    return out.getvalue()


def test_all_secrets_are_readable_with_the_new_key_alone(
    integration: Integration, settings: Settings
) -> None:
    address = webhook_url(integration)
    assert rotate() == "Cifrados de novo: 2\nJá com a chave atual: 0\nIlegíveis: 0\n"
    settings.ENCRYPTION_KEY_FALLBACKS = []
    field_encryption.cipher.cache_clear()
    integration.refresh_from_db()
    assert field_encryption.decrypt(integration, "api_key") == API_KEY
    assert webhook_url(integration) == address


def test_second_rotation_rewrites_nothing(integration: Integration) -> None:
    rotate()
    assert rotate() == "Cifrados de novo: 0\nJá com a chave atual: 2\nIlegíveis: 0\n"


def test_dry_run_writes_nothing(integration: Integration) -> None:
    stored = integration.api_key
    assert rotate(dry_run=True) == "A cifrar de novo: 2\nJá com a chave atual: 0\nIlegíveis: 0\n"
    integration.refresh_from_db()
    assert integration.api_key == stored


def test_value_of_the_older_system_is_rewritten(integration: Integration) -> None:
    stored = Cipher(OLD).encrypt(API_KEY, identity="")
    Integration.objects.update(api_key=stored.rpartition(":")[0])
    rotate()
    integration.refresh_from_db()
    assert integration.api_key.count(":") == 2
    assert field_encryption.decrypt(integration, "api_key") == API_KEY


def test_tampered_value_is_reported_and_the_others_are_rewritten(integration: Integration) -> None:
    stored = integration.api_key
    tampered = f"{'0' * 32}{stored[32:]}"
    Integration.objects.update(api_key=tampered)
    with pytest.raises(CommandError) as failure:
        rotate()
    assert f"\n  {integration.id} (api_key)" in str(failure.value)
    integration.refresh_from_db()
    assert integration.api_key == tampered
    assert field_encryption.decrypt_token(WebhookToken.objects.get())


def test_token_without_a_mac_is_unreadable(integration: Integration) -> None:
    token = WebhookToken.objects.get()
    WebhookToken.objects.update(token=token.token.rpartition(":")[0])
    with pytest.raises(CommandError, match=rf"{integration.id} \(token\)"):
        rotate()


def test_key_replaced_during_the_rotation_is_not_overwritten(integration: Integration) -> None:
    secret = next(all_secrets())
    field_encryption.encrypt(integration, "api_key", "8702|chaveRenovadaEnquantoIsso")
    integration.save()
    assert rewrite(secret) is RotationResult.CHANGED
    integration.refresh_from_db()
    assert field_encryption.decrypt(integration, "api_key") == "8702|chaveRenovadaEnquantoIsso"
