"""Connecting an integration, and what its owner does with it afterwards."""

import uuid
from functools import partial

from django.db import transaction
from django.utils import timezone

from integrations import dispatch, live_updates
from integrations.models import (
    AlertKind,
    Integration,
    IntegrationStatus,
    Trigger,
)
from integrations.monitoring import alerts
from integrations.providers.registry import get_provider
from integrations.secrets import field_encryption
from integrations.sync import runs
from integrations.webhooks.tokens import webhook_url


def connect(
    *, user_id: uuid.UUID, provider: str, api_key: str, webhook_note: str | None = None
) -> Integration:
    """Connect, or renew the key of, a user's one integration with a provider.

    The key is tried against the provider first; raises KeyRefused, UnexpectedResponse or
    ProviderUnavailable, and then nothing has changed. The sync starts in the background.
    `webhook_note` is an address of the user's own in front of ours; None leaves it as it is.
    """
    with get_provider(provider).interactive_client(api_key) as client:
        client.test_key()
    now = timezone.now()
    with transaction.atomic():
        integration, _ = Integration.objects.select_for_update(of=("self",)).get_or_create(
            user_id=user_id, provider=provider
        )
        field_encryption.encrypt(integration, "api_key", api_key)
        integration.api_key_hint = hint(api_key)
        integration.api_key_set_at = now
        integration.status = IntegrationStatus.CONNECTED
        integration.connected_at = integration.connected_at or now
        url = webhook_url(integration)
        if webhook_note is not None:
            integration.webhook_note = "" if webhook_note == url else webhook_note
        integration.save()
        alerts.resolve(integration, AlertKind.KEY_REFUSED, AlertKind.KEY_OLD)
        if not integration.is_paused:
            runs.request_run(integration, _first_or(Trigger.USER, integration))
        live_updates.integration_moved(integration.id)
    return integration


def disconnect(integration: Integration) -> None:
    """Forget the key and stop syncing; what was received stays."""
    with transaction.atomic():
        Integration.objects.filter(id=integration.id).update(
            status=IntegrationStatus.DISCONNECTED,
            api_key="",
            api_key_hint="",
            api_key_set_at=None,
            next_sync_at=None,
            updated_at=timezone.now(),
        )
        runs.cancel_runs(integration)
        alerts.resolve(integration, *AlertKind)
        live_updates.integration_moved(integration.id)
    integration.refresh_from_db()


def pause(integration: Integration) -> None:
    """Let webhooks wait in the inbox and stop syncing, until it is resumed; nothing is lost."""
    with transaction.atomic():
        Integration.objects.filter(id=integration.id, paused_at=None).update(
            paused_at=timezone.now(), next_sync_at=None, updated_at=timezone.now()
        )
        runs.cancel_runs(integration)
        alerts.resolve(integration, AlertKind.SYNC_LATE, AlertKind.QUEUE_LATE)
        live_updates.integration_moved(integration.id)
    integration.refresh_from_db()


def resume(integration: Integration) -> None:
    """Process what has waited, and sync from the cursor on where it stopped."""
    with transaction.atomic():
        Integration.objects.filter(id=integration.id).update(
            paused_at=None, updated_at=timezone.now()
        )
        integration.refresh_from_db()
        if integration.is_connected:
            runs.request_run(integration, _first_or(Trigger.STAFF, integration))
        transaction.on_commit(partial(dispatch.enqueue_drain, integration.id))
        live_updates.integration_moved(integration.id)


def _first_or(trigger: Trigger, integration: Integration) -> Trigger:
    return Trigger.INITIAL if integration.sync_cursor is None else trigger


def set_signing_secret(integration: Integration, secret: str, *, keep_previous: bool) -> None:
    """Require signed webhooks from now on; empty stops requiring them.

    `keep_previous` lets the secret in use stay valid beside the new one until the next change.
    """
    previous = (
        field_encryption.decrypt(integration, "signing_secret") if keep_previous and secret else ""
    )
    field_encryption.encrypt(integration, "signing_secret", secret)
    field_encryption.encrypt(integration, "previous_signing_secret", previous)
    integration.save(update_fields=["signing_secret", "previous_signing_secret", "updated_at"])


def forget_previous_secret(integration: Integration) -> None:
    """Take no more webhooks signed with the secret before the one in use."""
    integration.previous_signing_secret = ""
    integration.save(update_fields=["previous_signing_secret", "updated_at"])


def hint(api_key: str) -> str:
    """What may be shown of a key: `8702|…k01`."""
    account, separator, _ = api_key.partition("|")
    shown = f"{account}|" if separator and len(account) <= 8 else ""
    return f"{shown}…{api_key[-3:]}"
