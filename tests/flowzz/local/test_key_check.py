"""A database that was used with another encryption key."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from flowzz.local.key_check import check_encryption_key
from integrations.checks import check_stored_secrets
from integrations.models import WebhookToken
from integrations.secrets import field_encryption
from integrations.webhooks.tokens import webhook_url
from tests.factories import IntegrationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_cipher() -> Iterator[None]:
    field_encryption.cipher.cache_clear()
    yield
    field_encryption.cipher.cache_clear()


def test_empty_database_and_the_same_key_are_accepted() -> None:
    check_encryption_key()
    webhook_url(IntegrationFactory.create())
    check_encryption_key()


def test_another_key_is_explained(settings: Settings) -> None:
    webhook_url(IntegrationFactory.create())
    settings.ENCRYPTION_KEY = "a different key, long enough to be valid"
    field_encryption.cipher.cache_clear()
    with pytest.raises(SystemExit, match=r"^The secrets .* another COINZZ_ENCRYPTION_KEY"):
        check_encryption_key()


def test_one_unreadable_secret_is_a_warning_that_names_its_integration(
    capsys: pytest.CaptureFixture[str],
) -> None:
    damaged, *others = IntegrationFactory.create_batch(3)
    for integration in (damaged, *others):
        webhook_url(integration)
    WebhookToken.objects.filter(integration=damaged).update(token="00:00:00")

    check_encryption_key()

    assert (
        f"1 of 3 stored secrets can't be read: integrations {damaged.id}."
        in capsys.readouterr().out
    )
    [warning] = check_stored_secrets(databases=["default"])
    assert (warning.id, str(damaged.id) in warning.msg) == ("integrations.W005", True)
    assert check_stored_secrets(databases=None) == []
