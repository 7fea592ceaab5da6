"""A database that was used with another encryption key."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from flowzz.local.key_check import check_secrets
from integrations.secrets import field_encryption
from integrations.webhooks.tokens import webhook_url
from tests.factories import IntegrationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_cipher() -> Iterator[None]:
    field_encryption.cipher.cache_clear()
    yield
    field_encryption.cipher.cache_clear()


def test_an_empty_database_and_one_of_this_key_are_well() -> None:
    check_secrets()
    webhook_url(IntegrationFactory.create())
    check_secrets()


def test_another_key_is_said_with_what_to_do(settings: Settings) -> None:
    webhook_url(IntegrationFactory.create())
    settings.ENCRYPTION_KEY = "another key than the one of before"
    field_encryption.cipher.cache_clear()
    with pytest.raises(SystemExit, match=r"^The secrets .* another COINZZ_ENCRYPTION_KEY"):
        check_secrets()
