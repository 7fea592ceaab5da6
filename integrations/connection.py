"""Connect, disconnect, pause and resume an integration, and manage its signing secret."""

import uuid
from functools import partial

from django.db import transaction
from django.utils import timezone

from integrations import dispatch, live_updates
from integrations.models import AlertKind, Integration, IntegrationStatus, Trigger
from integrations.monitoring import alerts
from integrations.providers.registry import get_provider
from integrations.secrets import field_encryption
from integrations.sync import runs
from integrations.webhooks.tokens import webhook_url


def connect(
    *, user_id: uuid.UUID, provider: str, api_key: str, custom_webhook_url: str | None = None
) -> Integration:
    """Connect a user to a provider, or replace the API key of the existing integration.

    The key is tested first: raises KeyRefused, UnexpectedResponse or ProviderUnavailable and then
    changes nothing. A sync starts in the background. `custom_webhook_url` is the user's own URL in
    front of ours, such as a proxy's; None leaves it unchanged.
    """
    with get_provider(provider).interactive_client(api_key) as client:
        client.test_key()
    now = timezone.now()
    with transaction.atomic():
        integration, _ = Integration.objects.select_for_update(of=("self",)).get_or_create(
            user_id=user_id, provider=provider
        )
        field_encryption.encrypt(integration, "api_key", api_key)
        integration.api_key_hint = mask_api_key(api_key)
        integration.api_key_set_at = now
        integration.status = IntegrationStatus.CONNECTED
        integration.connected_at = integration.connected_at or now
        own_url = webhook_url(integration)
        if custom_webhook_url is not None:
            integration.custom_webhook_url = (
                "" if custom_webhook_url == own_url else custom_webhook_url
            )
        integration.save()
        alerts.resolve(integration, AlertKind.KEY_REFUSED, AlertKind.KEY_OLD)
        if not integration.is_paused:
            runs.request_run(integration, _initial_or(Trigger.USER, integration))
        live_updates.publish_integration(integration.id)
    return integration


def disconnect(integration: Integration) -> None:
    """Delete the API key and stop syncing; received data stays."""
    with transaction.atomic():
        Integration.objects.filter(id=integration.id).update(
            status=IntegrationStatus.DISCONNECTED,
            api_key="",
            api_key_hint="",
            api_key_set_at=None,
            next_sync_at=None,
            updated_at=timezone.now(),
        )
        runs.cancel(integration.runs.all())
        alerts.resolve(integration, *AlertKind)
        live_updates.publish_integration(integration.id)
    integration.refresh_from_db()


def pause(integration: Integration) -> None:
    """Stop draining and syncing until `resume`; webhooks are still stored."""
    with transaction.atomic():
        Integration.objects.filter(id=integration.id, paused_at=None).update(
            paused_at=timezone.now(), next_sync_at=None, updated_at=timezone.now()
        )
        runs.cancel(integration.runs.all())
        alerts.resolve(integration, AlertKind.SYNC_LATE, AlertKind.QUEUE_LATE)
        live_updates.publish_integration(integration.id)
    integration.refresh_from_db()


def resume(integration: Integration) -> None:
    """Drain the stored webhooks, and sync from the cursor on."""
    with transaction.atomic():
        Integration.objects.filter(id=integration.id).update(
            paused_at=None, updated_at=timezone.now()
        )
        integration.refresh_from_db()
        if integration.is_connected:
            runs.request_run(integration, _initial_or(Trigger.STAFF, integration))
        transaction.on_commit(partial(dispatch.enqueue_drain, integration.id))
        live_updates.publish_integration(integration.id)


def set_signing_secret(integration: Integration, secret: str, *, keep_previous: bool) -> None:
    """Require signed webhooks from now on; an empty secret stops requiring them.

    With `keep_previous`, the current secret stays valid beside the new one until the next change.
    """
    previous = (
        field_encryption.decrypt(integration, "signing_secret") if keep_previous and secret else ""
    )
    field_encryption.encrypt(integration, "signing_secret", secret)
    field_encryption.encrypt(integration, "previous_signing_secret", previous)
    integration.save(update_fields=["signing_secret", "previous_signing_secret", "updated_at"])


def remove_previous_signing_secret(integration: Integration) -> None:
    """Refuse webhooks signed with the secret before the current one."""
    integration.previous_signing_secret = ""
    integration.save(update_fields=["previous_signing_secret", "updated_at"])


def mask_api_key(api_key: str) -> str:
    """Return the part of a key that may be shown: `8702|…k01`."""
    account, separator, _ = api_key.partition("|")
    prefix = f"{account}|" if separator and len(account) <= 8 else ""
    return f"{prefix}…{api_key[-3:]}"


def _initial_or(trigger: Trigger, integration: Integration) -> Trigger:
    return Trigger.INITIAL if integration.sync_cursor is None else trigger
