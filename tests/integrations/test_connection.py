"""Connect, replace the key, rotate the token and disconnect, against a sandbox over HTTP."""

from datetime import timedelta

import pytest
from django.utils import timezone

from flowzz.accounts.models import User
from flowzz.core.db.jobs import JobState
from integrations import connection
from integrations.models import (
    Alert,
    AlertKind,
    Integration,
    IntegrationStatus,
    SyncRun,
    Trigger,
    WebhookToken,
)
from integrations.providers.coinzz import COINZZ
from integrations.providers.errors import KeyRefused
from integrations.secrets import field_encryption
from integrations.secrets.crypto import Cipher, DecryptionError
from integrations.webhooks import tokens
from tests.sandbox.client import SandboxClient

pytestmark = pytest.mark.django_db
LEGACY = (
    "a1b2c3d4e5f60718293a4b5c6d7e8f90:2b2679df9b0a9fcc53b0058487cfc6999d0f9752e11149ab55b16abdf404b1c6"
    "1cbf255b13cb17a0d889114804cea2d993d00a3c5258519a52e76f85e9ccf98b"
)


@pytest.fixture
def user() -> User:
    return User.objects.create_user("outra@flowzz.test")


def connect(user: User, api_key: str, **details: str) -> Integration:
    return connection.connect(user_id=user.id, provider=COINZZ, api_key=api_key, **details)


def test_valid_key_is_stored_encrypted_and_starts_the_first_sync(
    user: User, coinzz: SandboxClient
) -> None:
    key = coinzz.sandbox.api_key()

    integration = connect(user, key)

    stored = Integration.objects.get()
    assert stored == integration
    assert stored.status == IntegrationStatus.CONNECTED
    assert key not in stored.api_key
    assert field_encryption.decrypt(stored, "api_key") == key
    assert stored.api_key_hint == f"8702|…{key[-3:]}"
    run = SyncRun.objects.get()
    assert (run.trigger, run.state, run.sales_limit) == (Trigger.INITIAL, JobState.QUEUED, 1000)


def test_refused_key_changes_nothing(user: User, coinzz: SandboxClient) -> None:
    with pytest.raises(KeyRefused):
        connect(user, coinzz.sandbox.api_key("4010"))
    assert not Integration.objects.exists()

    connect(user, coinzz.sandbox.api_key())
    before = Integration.objects.values().get()
    with pytest.raises(KeyRefused):
        connect(user, coinzz.sandbox.api_key("4010"))

    assert Integration.objects.values().get() == before


def test_new_key_changes_nothing_else(user: User, coinzz: SandboxClient) -> None:
    first = connect(user, coinzz.sandbox.api_key(), custom_webhook_url="https://proxy.example/x")
    url = tokens.webhook_url(first)
    Alert.objects.create(integration=first, kind=AlertKind.KEY_OLD, message="Antiga.")
    Integration.objects.update(sync_cursor=timezone.now())

    second = connect(user, coinzz.sandbox.api_key("8703"))

    assert second.id == first.id
    assert tokens.webhook_url(second) == url
    assert second.custom_webhook_url == "https://proxy.example/x"
    assert field_encryption.decrypt(second, "api_key") == coinzz.sandbox.api_key("8703")
    assert Alert.objects.get().resolved_at is not None
    assert SyncRun.objects.count() == 1  # the one under way is joined


def test_our_own_url_is_not_stored_as_a_custom_url(user: User, coinzz: SandboxClient) -> None:
    integration = connect(user, coinzz.sandbox.api_key())

    again = connect(
        user, coinzz.sandbox.api_key(), custom_webhook_url=tokens.webhook_url(integration)
    )

    assert again.custom_webhook_url == ""


def test_disconnect_deletes_the_key_and_cancels_the_run(user: User, coinzz: SandboxClient) -> None:
    integration = connect(user, coinzz.sandbox.api_key())

    connection.disconnect(integration)

    assert integration.status == IntegrationStatus.DISCONNECTED
    assert (integration.api_key, integration.api_key_hint) == ("", "")
    assert SyncRun.objects.get().state == JobState.CANCELLED
    assert WebhookToken.objects.count() == 1


def test_rotated_token_expires_after_a_day(
    integration: Integration,
) -> None:
    first = tokens.webhook_url(integration)

    tokens.rotate_token(integration)

    second = tokens.webhook_url(integration)
    assert first != second
    old = WebhookToken.objects.get(token_hash=tokens.hash_token(first.rsplit("/", 1)[1]))
    assert old.expires_at is not None
    day = timedelta(hours=24)
    assert day - timedelta(minutes=1) < old.expires_at - timezone.now() <= day


def test_token_is_long_random_and_stored_encrypted(integration: Integration) -> None:
    token = tokens.webhook_url(integration).rsplit("/", 1)[1]

    row = WebhookToken.objects.get()
    assert len(token) == 43
    assert token not in (row.token, row.token_hash)
    assert field_encryption.decrypt_token(row) == token


def test_secret_of_one_integration_does_not_decrypt_in_another(
    integration: Integration, user: User
) -> None:
    other = Integration(user=user, provider=COINZZ, api_key=integration.api_key)

    with pytest.raises(DecryptionError):
        field_encryption.decrypt(other, "api_key")


def test_value_of_the_older_system_decrypts(integration: Integration) -> None:
    cipher = Cipher("flowzz-test-key-0123456789abcdef-0001")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(field_encryption, "cipher", lambda: cipher)
        integration.api_key = LEGACY

        assert field_encryption.decrypt(integration, "api_key").startswith("8702|ExampleToken")


def test_previous_signing_secret_is_kept_and_removed(
    integration: Integration,
) -> None:
    connection.set_signing_secret(integration, "primeiro", keep_previous=True)
    connection.set_signing_secret(integration, "segundo", keep_previous=True)

    integration.refresh_from_db()
    assert field_encryption.decrypt(integration, "signing_secret") == "segundo"
    assert field_encryption.decrypt(integration, "previous_signing_secret") == "primeiro"

    connection.set_signing_secret(integration, "", keep_previous=True)
    assert (integration.signing_secret, integration.previous_signing_secret) == ("", "")


@pytest.mark.parametrize(
    ("api_key", "masked"),
    [
        ("8702|ExampleTokenExampleTokenExampleTokenExampleTok01", "8702|…k01"),
        ("sk_coinzz_abc123_and_more", "…ore"),
        ("not-an-account-before-the|bar", "…bar"),
    ],
)
def test_masked_key_shows_the_account_and_three_letters(api_key: str, masked: str) -> None:
    assert connection.mask_api_key(api_key) == masked
