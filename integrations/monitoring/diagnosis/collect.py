"""Collect the inputs of a diagnosis from the database and from the provider's API."""

import math
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import UTC, datetime, timedelta
from time import monotonic

from django.conf import settings
from django.utils import timezone
from redis import RedisError

from flowzz.core.db.db_time import to_database_time
from flowzz.core.workers import heartbeat
from integrations import modes
from integrations.inbox import queue_stats
from integrations.models import EventState, Integration, WebhookBaseline, WebhookEvent
from integrations.monitoring.diagnosis.check_types import (
    ApiProbe,
    ApiStatus,
    DiagnosisInputs,
    LastImport,
)
from integrations.monitoring.refusals import refused_webhooks
from integrations.providers.contracts import Provider
from integrations.providers.errors import (
    EndpointMissing,
    IntegrationError,
    KeyRefused,
    UnexpectedResponse,
)
from integrations.providers.registry import get_provider
from integrations.secrets import field_encryption
from integrations.secrets.crypto import DecryptionError
from integrations.sync import runs
from integrations.sync.breaker import breaker_for
from integrations.webhooks import without_token

TIMEOUT_SECONDS = 5.0
# The Date header of HTTP is cut to whole seconds: on average the time is half a second later.
_HALF_SECOND = timedelta(seconds=0.5)
_STATUSES = {
    KeyRefused: ApiStatus.REFUSED,
    UnexpectedResponse: ApiStatus.NOT_THE_API,
    EndpointMissing: ApiStatus.NOT_THE_API,
}
REFUSED_WITHIN = timedelta(hours=24)
QUARANTINED_LIMIT = 1000
"""Quarantined events are counted up to this number."""


def collect(integration: Integration) -> DiagnosisInputs:
    """Probe the API in a thread while the database is read; takes TIMEOUT_SECONDS at most.

    The HTTP client's timeouts do not limit a DNS lookup; this one does.
    """
    deadline = monotonic() + TIMEOUT_SECONDS
    probe = _start_probe(integration)
    events = WebhookEvent.objects.filter(integration=integration)
    baseline = WebhookBaseline.objects.filter(integration=integration).first()
    due_since = queue_stats.due_since_of(integration)
    is_syncing = runs.is_under_way(integration)
    now = timezone.now()
    database_ahead = to_database_time(now) - now
    return DiagnosisInputs(
        label=get_provider(integration.provider).label,
        uses_api=modes.uses_api(integration),
        probe=_wait_for(probe, deadline - monotonic()),
        now=timezone.now(),
        status=modes.effective_status(integration),
        connected_at=integration.connected_at,
        paused_at=integration.paused_at,
        api_key_set_at=integration.api_key_set_at,
        api_key_max_age=settings.API_KEY_MAX_AGE,
        last_webhook_at=events.order_by("-received_at")
        .values_list("received_at", flat=True)
        .first(),
        requires_signature=bool(integration.signing_secret),
        refused=refused_webhooks(integration, REFUSED_WITHIN),
        signing_observed_since=integration.signing_observed_since,
        hourly_rates=baseline.hourly_rates if baseline else (),
        due_since=due_since,
        quarantined=events.filter(state=EventState.QUARANTINED)[:QUARANTINED_LIMIT].count(),
        has_workers=_has_workers(),
        synced_at=integration.sync_cursor,
        is_syncing=is_syncing,
        last_sync_status=integration.last_sync_status,
        last_sync_error=integration.last_sync_error,
        database_ahead=database_ahead,
        last_import=_last_import(integration),
        accepts_without_token=settings.WEBHOOK_WITHOUT_TOKEN,
        is_unrouted_full=settings.WEBHOOK_WITHOUT_TOKEN and without_token.is_full(),
    )


def _start_probe(integration: Integration) -> "Future[ApiProbe]":
    """Start a request in a thread; if no request can be made, the future is done already."""
    probe, api_key = _check_preconditions(integration)
    if probe:
        done: Future[ApiProbe] = Future()
        done.set_result(probe)
        return done
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="diagnosis")
    future = pool.submit(_probe, get_provider(integration.provider), api_key)
    pool.shutdown(wait=False)
    return future


def _check_preconditions(integration: Integration) -> tuple[ApiProbe | None, str]:
    """Return why no request can be made, or the API key."""
    if not modes.uses_api(integration):
        return ApiProbe(status=ApiStatus.NOT_TRIED), ""
    try:
        api_key = field_encryption.decrypt(integration, "api_key")
    except DecryptionError:
        return ApiProbe(status=ApiStatus.UNREADABLE_KEY), ""
    if not api_key:
        return ApiProbe(status=ApiStatus.NO_KEY), ""
    if seconds := breaker_for(integration.provider).state().retry_after:
        message = f"Nova tentativa em {math.ceil(seconds)} s."
        return ApiProbe(status=ApiStatus.CIRCUIT_OPEN, message=message), ""
    return None, api_key


def _last_import(integration: Integration) -> LastImport | None:
    """Read the newest import in webhook mode, where imports are checked."""
    if modes.uses_api(integration):
        return None
    newest = integration.imports.order_by("-id").values_list("state", "created_at", "errors")
    row = newest.first()
    return LastImport(state=row[0], created_at=row[1], errors=row[2]) if row else None


def _wait_for(probe: "Future[ApiProbe]", seconds: float) -> ApiProbe:
    try:
        return probe.result(timeout=max(0.0, seconds))
    except FutureTimeout:
        message = f"Nenhuma resposta em {TIMEOUT_SECONDS:.0f} s."
        return ApiProbe(status=ApiStatus.UNAVAILABLE, message=message, seconds=TIMEOUT_SECONDS)


def _probe(provider: Provider, api_key: str) -> ApiProbe:
    """Make one request, without the database and the circuit breaker."""
    sent_at, started = datetime.now(UTC), monotonic()
    status, message = ApiStatus.GOOD, ""
    with provider.diagnostic_client(api_key) as client:
        try:
            client.test_key()
        except IntegrationError as error:
            status, message = _STATUSES.get(type(error), ApiStatus.UNAVAILABLE), error.message
        seconds = monotonic() - started
        server_time = client.server_time
    clock_ahead = None
    if server_time:
        answered_at = sent_at + timedelta(seconds=seconds / 2)
        clock_ahead = server_time + _HALF_SECOND - answered_at
    return ApiProbe(status=status, message=message, seconds=seconds, clock_ahead=clock_ahead)


def _has_workers() -> bool:
    try:
        age = heartbeat.ages()["inbox"]
    except RedisError:
        return False
    return age is not None and age < heartbeat.LATE_SECONDS
