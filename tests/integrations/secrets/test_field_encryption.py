"""An encrypted field is bound to its row."""

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from flowzz.accounts.models import User
from flowzz.core.models import Setting
from flowzz.core.runtime_settings.cache import SAVED_VALUES
from integrations.models import Integration
from integrations.providers.coinzz import COINZZ
from integrations.secrets import field_encryption
from integrations.secrets.crypto import Cipher, DecryptionError

pytestmark = pytest.mark.django_db
LEGACY = (
    "a1b2c3d4e5f60718293a4b5c6d7e8f90:2b2679df9b0a9fcc53b0058487cfc6999d0f9752e11149ab55b16abdf404b1c6"
    "1cbf255b13cb17a0d889114804cea2d993d00a3c5258519a52e76f85e9ccf98b"
)


def test_secret_of_one_integration_does_not_decrypt_in_another(integration: Integration) -> None:
    user = User.objects.create_user("outra@flowzz.test")
    other = Integration(user=user, provider=COINZZ, api_key=integration.api_key)

    with pytest.raises(DecryptionError):
        field_encryption.decrypt(other, "api_key")


def test_value_of_the_older_system_decrypts(integration: Integration) -> None:
    cipher = Cipher("flowzz-test-key-0123456789abcdef-0001")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(field_encryption, "cipher", lambda: cipher)
        integration.api_key = LEGACY

        assert field_encryption.decrypt(integration, "api_key").startswith("8702|ExampleToken")


def test_key_cut_to_the_older_format_decrypts_in_no_row_after_a_rotation(
    integration: Integration, settings: Settings
) -> None:
    user = User.objects.create_user("outra@flowzz.test")
    cut = integration.api_key.rpartition(":")[0]
    thief = Integration.objects.create(user=user, provider=COINZZ, api_key=cut)
    assert field_encryption.decrypt(thief, "api_key")

    field_encryption.refuse_legacy()
    with pytest.raises(DecryptionError):
        field_encryption.decrypt(thief, "api_key")

    Setting.objects.all().delete()
    SAVED_VALUES.expire()
    settings.ENCRYPTION_LEGACY_FORMAT = False
    with pytest.raises(DecryptionError):
        field_encryption.decrypt(thief, "api_key")


def test_rotation_without_a_failure_ends_the_older_format(integration: Integration) -> None:
    call_command("rotate_encryption_key", dry_run=True)
    assert field_encryption.accepts_legacy()
    call_command("rotate_encryption_key")
    assert not field_encryption.accepts_legacy()
