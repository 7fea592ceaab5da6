"""Gathering the facts of a diagnosis: from the database, and in `SECONDS` at most the provider."""

import math
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import UTC, datetime, timedelta
from time import monotonic

from django.conf import settings
from django.db import connection
from django.utils import timezone
from redis import RedisError

from flowzz.core import heartbeat
from integrations.inbox import queue_stats
from integrations.models import (
    EventState,
    Integration,
    WebhookBaseline,
    WebhookEvent,
)
from integrations.monitoring.diagnosis.facts import Answer, Facts, Probe
from integrations.providers.contracts import Provider
from integrations.providers.errors import IntegrationError, KeyRefused, UnexpectedResponse
from integrations.providers.registry import get_provider
from integrations.secrets import field_encryption
from integrations.secrets.crypto import DecryptionError
from integrations.sync import runs
from integrations.sync.breaker import breaker_for

SECONDS = 5.0
_HALF = timedelta(seconds=0.5)
_ANSWERS = {KeyRefused: Answer.REFUSED, UnexpectedResponse: Answer.NOT_THE_API}
COUNTED = 1000
"""Dead letters beyond this are as many."""


def collect(integration: Integration) -> Facts:
    """Ask the provider in a thread, look into the database meanwhile, and wait no longer.

    The provider's time-outs don't bound how long a name takes to be looked up; this does.
    """
    ends_at = monotonic() + SECONDS
    asking = _ask(integration)
    due_since = queue_stats.due_since_of(integration)
    events = WebhookEvent.objects.filter(integration=integration)
    rhythm = WebhookBaseline.objects.filter(integration=integration).first()
    is_syncing = runs.is_under_way(integration)
    database_ahead = _database_ahead()
    probe = _await(asking, ends_at - monotonic())
    return Facts(
        label=get_provider(integration.provider).label,
        now=timezone.now(),
        status=integration.status,
        connected_at=integration.connected_at,
        paused_at=integration.paused_at,
        api_key_set_at=integration.api_key_set_at,
        api_key_max_age=settings.API_KEY_MAX_AGE,
        probe=probe,
        last_webhook_at=events.order_by("-received_at")
        .values_list("received_at", flat=True)
        .first(),
        requires_signature=bool(integration.signing_secret),
        rates=rhythm.rates if rhythm else (),
        due_since=due_since,
        quarantined=events.filter(state=EventState.QUARANTINED)[:COUNTED].count(),
        has_workers=_has_workers(),
        synced_at=integration.sync_cursor,
        is_syncing=is_syncing,
        last_sync_status=integration.last_sync_status,
        last_sync_error=integration.last_sync_error,
        database_ahead=database_ahead,
    )


def _ask(integration: Integration) -> "Future[Probe]":
    """Ask the provider in a thread; where it isn't to be asked, the answer is there already."""
    probe, key = _without_asking(integration)
    if probe:
        known: Future[Probe] = Future()
        known.set_result(probe)
        return known
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="diagnosis")
    asking = pool.submit(_probe, get_provider(integration.provider), key)
    pool.shutdown(wait=False)
    return asking


def _without_asking(integration: Integration) -> tuple[Probe | None, str]:
    """Why there is no use in asking, or the key to ask with."""
    try:
        key = field_encryption.decrypt(integration, "api_key")
    except DecryptionError:
        return Probe(answer=Answer.UNREADABLE_KEY), ""
    if not key:
        return Probe(answer=Answer.NO_KEY), ""
    if seconds := breaker_for(integration.provider).state().retry_after:
        message = f"Nova tentativa em {math.ceil(seconds)} s."
        return Probe(answer=Answer.CIRCUIT_OPEN, message=message), ""
    return None, key


def _await(asking: "Future[Probe]", seconds: float) -> Probe:
    try:
        return asking.result(timeout=max(0.0, seconds))
    except FutureTimeout:
        message = f"Nenhuma resposta em {SECONDS:.0f} s."
        return Probe(answer=Answer.UNAVAILABLE, message=message, seconds=SECONDS)


def _probe(provider: Provider, key: str) -> Probe:
    """One request; touches neither the database nor the breaker."""
    asked_at, began = datetime.now(UTC), monotonic()
    answer, message = Answer.GOOD, ""
    with provider.diagnostic_client(key) as client:
        try:
            client.test_key()
        except IntegrationError as error:
            answer, message = _ANSWERS.get(type(error), Answer.UNAVAILABLE), error.message
        seconds = monotonic() - began
        told = client.server_time
    # What is told to the second is half a second later in the middle.
    ahead = told + _HALF - (asked_at + timedelta(seconds=seconds / 2)) if told else None
    return Probe(answer=answer, message=message, seconds=seconds, ahead=ahead)


def _database_ahead() -> timedelta:
    before = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (told,) = cursor.fetchone()
    ahead: timedelta = told - (before + (timezone.now() - before) / 2)
    return ahead


def _has_workers() -> bool:
    try:
        age = heartbeat.ages()["worker"]
    except RedisError:
        return False
    return age is not None and age < heartbeat.LATE_SECONDS
