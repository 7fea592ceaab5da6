"""Webhook tokens are issued, stored encrypted, and rotated with a grace period."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import Integration, WebhookToken
from integrations.secrets import field_encryption
from integrations.webhooks import tokens

pytestmark = pytest.mark.django_db


def test_rotated_token_expires_after_a_day(integration: Integration) -> None:
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


def test_second_rotation_does_not_extend_the_first_token(integration: Integration) -> None:
    assert tokens.webhook_url(integration)
    tokens.rotate_token(integration)
    ends_at = timezone.now() + timedelta(hours=1)
    WebhookToken.objects.exclude(expires_at=None).update(expires_at=ends_at)

    tokens.rotate_token(integration)

    assert WebhookToken.objects.filter(expires_at=ends_at).count() == 1
