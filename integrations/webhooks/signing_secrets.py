"""The secrets that an integration's webhooks are signed with: require, observe and remove them."""

from django.utils import timezone

from integrations.models import Integration
from integrations.secrets import field_encryption
from integrations.secrets.crypto import DecryptionError


def set_signing_secret(
    integration: Integration, secret: str, *, keep_previous: bool = False, is_observed: bool = False
) -> None:
    """Require signed webhooks from now on; an empty secret stops requiring them.

    With `keep_previous`, the current secret stays valid beside the new one until the next change.
    With `is_observed`, what would be refused is accepted and counted, until `enforce_signatures`.
    """
    previous = _current_secret(integration) if keep_previous and secret else ""
    field_encryption.encrypt(integration, "signing_secret", secret)
    field_encryption.encrypt(integration, "previous_signing_secret", previous)
    integration.signing_observed_since = timezone.now() if secret and is_observed else None
    integration.save(
        update_fields=[
            "signing_secret",
            "previous_signing_secret",
            "signing_observed_since",
            "updated_at",
        ]
    )


def enforce_signatures(integration: Integration) -> None:
    """End the observation of signatures: from now on, webhooks without a valid one are refused."""
    integration.signing_observed_since = None
    integration.save(update_fields=["signing_observed_since", "updated_at"])


def remove_previous_signing_secret(integration: Integration) -> None:
    """Refuse webhooks signed with the secret before the current one."""
    integration.previous_signing_secret = ""
    integration.save(update_fields=["previous_signing_secret", "updated_at"])


def _current_secret(integration: Integration) -> str:
    """Return the current secret; an unreadable one is as good as none."""
    try:
        return field_encryption.decrypt(integration, "signing_secret")
    except DecryptionError:
        return ""
