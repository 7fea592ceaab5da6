"""Connect, disconnect, pause and resume an integration; change its mode and its owner's e-mail."""

import re
import string
import time
import unicodedata
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

from django.db import transaction
from django.utils import timezone
from redis import RedisError
from redis.exceptions import LockError

from flowzz.core import redis
from flowzz.core.db.locks import lock_user
from integrations import dispatch, live_updates, modes
from integrations.bulk_actions import bulk_jobs
from integrations.models import AlertKind, Integration, IntegrationMode, IntegrationStatus, Trigger
from integrations.monitoring import alerts
from integrations.providers.errors import IntegrationError
from integrations.providers.registry import get_provider
from integrations.runtime_settings import SYNC_INITIAL_AGE
from integrations.secrets import field_encryption
from integrations.secrets.crypto import DecryptionError
from integrations.sync import runs
from integrations.webhooks import fallback_buffer
from integrations.webhooks.tokens import readable_webhook_url

MIN_KEY_LENGTH, MAX_KEY_LENGTH = 20, 500
_AROUND_KEY = string.whitespace + "\xa0\"'`´“”‘’«»"
SYNC_ALERTS = (
    AlertKind.SYNC_LATE,
    AlertKind.SYNC_FAILING,
    AlertKind.KEY_REFUSED,
    AlertKind.KEY_OLD,
)
"""The alerts that an integration in webhook mode can't have."""
KEY_TEST_SECONDS = 30
"""Longer than a test takes; after it, the lock of a process that died is gone."""

DRAIN_SECONDS = 5.0
"""How long a disconnection waits for the webhooks that arrived before."""


class ConnectUnderWay(IntegrationError):
    """A key of the same user is being tested."""

    code = "CONNECT_IN_PROGRESS"
    permanent = False

    def __init__(self) -> None:
        super().__init__("Outra conexão está em teste. Aguarde alguns segundos e tente de novo.")


def connect(
    *, user_id: uuid.UUID, provider: str, api_key: str, custom_webhook_url: str | None = None
) -> Integration:
    """Connect a user to a provider, or replace the API key of the existing integration.

    The key is tested first: raises KeyRefused, UnexpectedResponse or ProviderUnavailable, and
    ConnectUnderWay while another key of the user is tested, and then changes nothing. A sync
    starts in the background. A key that differs from the stored one may be of another account: the
    sync then starts SYNC_INITIAL_AGE ago, or at the cursor if that is earlier. `custom_webhook_url`
    is the user's own URL in front of ours, such as a proxy's; None leaves it unchanged.
    """
    with _only_test_of(user_id), get_provider(provider).interactive_client(api_key) as client:
        client.test_key()
    with transaction.atomic():
        integration = _lock_or_create(user_id, provider)
        trigger = Trigger.USER
        if not _has_key(integration, api_key):
            trigger = Trigger.INITIAL
            runs.cancel(integration.runs.all())
            _move_cursor_back(integration)
        field_encryption.encrypt(integration, "api_key", api_key)
        integration.api_key_hint = mask_api_key(api_key)
        integration.api_key_set_at = timezone.now()
        _set_mode(integration, IntegrationMode.API)
        _save_connected(integration, custom_webhook_url)
        alerts.resolve(integration, AlertKind.KEY_REFUSED, AlertKind.KEY_OLD)
        _request_run(integration, trigger)
    return integration


@contextmanager
def _only_test_of(user_id: uuid.UUID) -> Iterator[None]:
    """Hold the right to test a key of the user. Without Redis several can, within their threads."""
    lock = redis.client().lock(f"flowzz:connect:{user_id}", timeout=KEY_TEST_SECONDS)
    try:
        is_held = lock.acquire(blocking=False)
    except RedisError:
        yield
        return
    if not is_held:
        raise ConnectUnderWay
    try:
        yield
    finally:
        with suppress(LockError, RedisError):
            lock.release()


def connect_by_webhooks(
    *, user_id: uuid.UUID, provider: str, custom_webhook_url: str | None = None
) -> Integration:
    """Connect a user to a provider without a key, or stop the syncs of the existing integration.

    Its data, webhook URL and API key stay.
    """
    with transaction.atomic():
        integration = _lock_or_create(user_id, provider)
        _save_connected(integration, custom_webhook_url)
        stop_syncs(integration)
    return integration


def stop_syncs(integration: Integration) -> None:
    """Change to webhook mode: cancel the run under way, and resolve the alerts about syncs."""
    with transaction.atomic():
        _lock(integration)
        _set_mode(integration, IntegrationMode.WEBHOOK)
        if integration.status == IntegrationStatus.ERROR:
            integration.status = IntegrationStatus.CONNECTED
        integration.next_sync_at = None
        integration.save(
            update_fields=["mode", "mode_changed_at", "status", "next_sync_at", "updated_at"]
        )
        runs.cancel(integration.runs.all())
        alerts.resolve(integration, *SYNC_ALERTS)
        live_updates.publish_integration(integration.id)


def sync_again(integration: Integration) -> None:
    """Change back to API mode with the stored key, and sync from the cursor on."""
    with transaction.atomic():
        _lock(integration)
        _set_mode(integration, IntegrationMode.API)
        integration.save(update_fields=["mode", "mode_changed_at", "updated_at"])
        _request_run(integration, Trigger.STAFF)
        live_updates.publish_integration(integration.id)


def _lock_or_create(user_id: uuid.UUID, provider: str) -> Integration:
    integration, _ = Integration.objects.select_for_update(of=("self",)).get_or_create(
        user_id=user_id, provider=provider
    )
    return integration


def _lock(integration: Integration) -> None:
    """Lock the row and read it again: its status may have changed meanwhile."""
    integration.refresh_from_db(from_queryset=Integration.objects.select_for_update(of=("self",)))


def _save_connected(integration: Integration, custom_webhook_url: str | None) -> None:
    integration.status = IntegrationStatus.CONNECTED
    integration.connected_at = integration.connected_at or timezone.now()
    own_url = readable_webhook_url(integration)
    if custom_webhook_url is not None:
        integration.custom_webhook_url = "" if custom_webhook_url == own_url else custom_webhook_url
    integration.save()
    live_updates.publish_integration(integration.id)


def _set_mode(integration: Integration, mode: IntegrationMode) -> None:
    if integration.mode != mode:
        integration.mode, integration.mode_changed_at = mode, timezone.now()


def _move_cursor_back(integration: Integration) -> None:
    """Make the next sync fetch what a first one does; sales changed since the cursor stay due."""
    if integration.sync_cursor:
        first = timezone.now() - SYNC_INITIAL_AGE.value()
        integration.sync_cursor = min(integration.sync_cursor, first)


def _has_key(integration: Integration, api_key: str) -> bool:
    try:
        return field_encryption.decrypt(integration, "api_key") == api_key
    except DecryptionError:
        return False


def _request_run(integration: Integration, trigger: Trigger) -> None:
    """Request a run, unless the integration is not synced now."""
    if modes.is_synced(integration):
        is_first = integration.sync_cursor is None
        runs.request_run(integration, Trigger.INITIAL if is_first else trigger)


def disconnect(integration: Integration, *, drains: bool = True) -> None:
    """Delete the API key and stop syncing; received data stays.

    Webhooks that have arrived are applied before, if it `drains`.
    """
    if drains:
        _apply_waiting_webhooks(integration)
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


def _apply_waiting_webhooks(integration: Integration) -> None:
    """Drain what has arrived: once disconnected, an integration ignores it."""
    deadline = time.monotonic() + DRAIN_SECONDS
    with suppress(fallback_buffer.BufferBusy):
        while fallback_buffer.drain_in_order(integration.id).is_more_due:
            if time.monotonic() > deadline:
                break


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
        _request_run(integration, Trigger.STAFF)
        transaction.on_commit(partial(dispatch.enqueue_drain, integration.id))
        live_updates.publish_integration(integration.id)


def set_owner_email(integration: Integration, email: str) -> None:
    """Change the user's e-mail at the provider, which decides which commission is theirs.

    An empty one means the login's. The sales are recalculated in the background.
    """
    email = email.strip().lower()
    with transaction.atomic():
        lock_user(integration.user_id)  # no sale is recorded with the former one from here on
        changed = Integration.objects.filter(id=integration.id).exclude(owner_email=email)
        if changed.update(owner_email=email, updated_at=timezone.now()):
            bulk_jobs.request_recalculation(integration)
    integration.refresh_from_db()


def clean_api_key(text: str) -> str:
    """Return a pasted key without quotes, a leading `Bearer` and invisible characters."""
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    key = visible.strip(_AROUND_KEY)
    return re.sub(r"^bearer\s+", "", key, flags=re.IGNORECASE).strip(_AROUND_KEY)


def mask_api_key(api_key: str) -> str:
    """Return the part of a key that may be shown: `8702|…k01`."""
    account, separator, _ = api_key.partition("|")
    prefix = f"{account}|" if separator and len(account) <= 8 else ""
    return f"{prefix}…{api_key[-3:]}"
