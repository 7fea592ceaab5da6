"""Accept webhooks: resolve their integrations, authenticate, limit their rates and store them.

However many webhooks a batch has, it costs one INSERT, which is its own commit, a statement if a
token is not known yet, and a round trip to Redis if the credit of a rate is used up.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import cast

import structlog
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, connection
from redis import RedisError

from flowzz.core import redis, redis_metrics
from flowzz.core.db.backend.base import DatabaseWrapper
from flowzz.core.logging import log_each
from flowzz.core.rate_limits import (
    Allowance,
    Credit,
    RateLimit,
    RateLimitExceeded,
    is_redis_away,
    redis_has_answered,
    redis_has_failed,
)
from flowzz.core.runtime_settings.cache import SAVED_VALUES
from integrations import dispatch
from integrations.inbox import metrics
from integrations.inbox.store import InboundWebhook, check_writable, unowned_reason
from integrations.models import RefusalReason
from integrations.runtime_settings import WEBHOOK_RATE
from integrations.webhooks import refusals, responses, without_token
from integrations.webhooks.calls import DEADLINE_SECONDS, Calls
from integrations.webhooks.requests import WebhookRequest
from integrations.webhooks.routing import (
    SignatureRefused,
    Tokens,
    UnknownToken,
    authenticate,
    find_owners,
)

log = structlog.stdlib.get_logger(__name__)

RATE = RateLimit("webhook", WEBHOOK_RATE.value)
ATTEMPTS = 3


class Intake:
    """Answers requests, many at a time. Remembers tokens and the credit of rates."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._tokens = Tokens()
        self._credit = Credit()

    async def accept(self, requests: Sequence[WebhookRequest]) -> bool:
        """Answer requests: their webhooks are stored in the inbox, else in the fallback buffer.

        Returns False if the database failed.
        """
        until = time.monotonic() + DEADLINE_SECONDS
        try:
            for _ in range(ATTEMPTS):
                await self._authenticate(_open(requests), until)
                await self._limit_rates(_open(requests))
                await self._store(_open(requests), until)
                if not _open(requests):
                    break
                self._tokens.clear()  # one was changed since it was read
        except (DatabaseError, InterfaceError) as error:
            log.error("database_failed", cause=type(error.__cause__ or error).__name__)
            SAVED_VALUES.use_known_values()  # nobody waits for a second failure
            await self.buffer(requests)
            return False
        return True

    async def buffer(self, requests: Sequence[WebhookRequest]) -> None:
        """Answer requests: their webhooks are stored in the fallback buffer."""
        await self._refuse_over_rate(_open(requests), _token_key)
        waiting = _open(requests)
        try:
            results = await self._calls.push([_webhook(request) for request in waiting])
        except RedisError as error:
            log.error("webhook_not_buffered", cause=type(error).__name__)
            results = [False] * len(waiting)
        for request, is_stored in zip(waiting, results, strict=True):
            request.response = responses.ACKNOWLEDGED if is_stored else responses.UNAVAILABLE
            request.integration = None

    def follow_up(self, finished: Sequence[WebhookRequest]) -> None:
        """Log and count answered requests, and wake the workers, in one round trip to Redis."""
        stored = [request for request in finished if request.response is responses.ACKNOWLEDGED]
        log_each(log, "webhook_received", [_log_line(request) for request in stored])
        owned = {request.integration.id for request in stored if request.integration}
        statuses = Counter(str(request.response.status) for request in finished if request.response)
        passed = Counter(request.uncounted_key for request in finished if request.uncounted_key)
        quarantined = Counter(r.quarantine_reason for r in stored if r.quarantine_reason)
        commands = redis_metrics.commands(
            responses.RESPONSES.increments(statuses),
            RATE.refused(statuses["429"]),
            metrics.QUARANTINED.increments(quarantined),
        )
        if refused := refusals.refused_among(finished):
            commands.append(refusals.count_command(refused))
        if owned:
            commands.append(dispatch.drain_flags_command(owned))
        if passed:
            commands.append(RATE.take_command(passed))
        try:
            results = redis.run(commands)
        except RedisError as error:
            log.warning("redis_failed", cause=type(error).__name__)
            redis_has_failed()  # so that it is asked by follow-ups alone, for which nobody waits
            return
        redis_has_answered()
        if passed:
            self._credit.grant(RATE.allowances(passed, results.pop()))
        if owned:
            dispatch.enqueue_flagged(results.pop())

    async def _authenticate(self, requests: Sequence[WebhookRequest], until: float) -> None:
        """Find the owners, and verify the signatures that they require."""
        await self._find_owners(requests, until)
        if any(request.is_signature_refused for request in requests):
            self._tokens.clear()  # the secret may have been changed since it was read
            await self._find_owners(requests, until)

    async def _find_owners(self, requests: Sequence[WebhookRequest], until: float) -> None:
        if missing := self._tokens.missing(map(_webhook, requests)):
            self._tokens.add(await self._calls.find_owners(missing, until))
        for request in requests:
            owner = self._tokens.owner_of(_webhook(request))
            if isinstance(owner, UnknownToken):
                request.response = responses.UNKNOWN_TOKEN
                continue
            try:
                request.integration = authenticate(_webhook(request), owner)
                request.is_signature_refused = request.is_signature_observed = False
            except SignatureRefused as error:
                request.integration = error.integration
                request.is_signature_observed = error.reason == RefusalReason.OBSERVED
                request.is_signature_refused = not request.is_signature_observed

    async def _limit_rates(self, requests: Sequence[WebhookRequest]) -> None:
        """Refuse what is over the rate. Refused signatures are counted apart from the others."""
        await self._refuse_over_rate(requests, _rate_key)
        for request in _open(requests):
            if request.is_signature_refused and request.integration:
                id_ = str(request.integration.id)
                log.warning("webhook_signature_refused", integration_id=id_)
                request.response = responses.INVALID_SIGNATURE

    async def _refuse_over_rate(
        self, requests: Sequence[WebhookRequest], key_of: Callable[[WebhookRequest], str]
    ) -> None:
        """Let the first requests of each key pass, as many as its rate allows."""
        keys = [key_of(request) for request in requests]
        unpaid = {key: n for key, n in Counter(keys).items() if not self._credit.spend(key, n)}
        allowances = await self._take(unpaid) if unpaid else {}
        self._credit.grant(allowances)
        passed = Counter[str]()
        for request, key in zip(requests, keys, strict=True):
            if key not in unpaid:
                request.uncounted_key = key
                continue
            passed[key] += 1
            if passed[key] > allowances[key].count:
                request.response = responses.rate_limited(allowances[key].retry_after)

    async def _take(self, counts: Mapping[str, int]) -> dict[str, Allowance]:
        """Count requests by key. Returns what the rate allows: everything without Redis."""
        if not is_redis_away():
            try:
                taken = await self._calls.redis(partial(RATE.take_command, counts))
                return RATE.allowances(counts, taken)
            except RedisError as error:
                log.warning("redis_failed", cause=type(error).__name__)
                redis_has_failed()
        return {key: Allowance(count, 0.0) for key, count in counts.items()}

    async def _store(self, requests: Sequence[WebhookRequest], until: float) -> None:
        """Store webhooks in one commit, or each on its own if the data of one is refused."""
        for request in requests:
            if request.integration is None and not _token_hash(request):
                _check_capacity(request, len(_webhook(request).body))
        rows = _open(requests)
        if not rows:
            return
        routed = [(_webhook(request), request.integration) for request in rows]
        try:
            stored = await self._calls.insert(routed, until)
        except (DataError, IntegrityError) as error:
            await self._store_each(rows, until, error)
            return
        for request in rows:
            if _webhook(request).id in stored:
                request.response = responses.ACKNOWLEDGED
                request.quarantine_reason = unowned_reason(_webhook(request), request.integration)

    async def _store_each(
        self, rows: Sequence[WebhookRequest], until: float, error: Exception
    ) -> None:
        if len(rows) > 1:
            for request in rows:
                await self._store([request], until)
            return
        log.error("webhook_refused_by_database", exc_info=error)
        was_deleted = isinstance(error, IntegrityError)  # the integration, since it was found
        rows[0].response = responses.UNKNOWN_TOKEN if was_deleted else responses.FAILED


def check_database() -> None:
    """Do what accepting a webhook does, without a trace. Raises the error that prevents it."""
    with cast(DatabaseWrapper, connection).deadline(DEADLINE_SECONDS):
        find_owners({""})
        check_writable()


def _check_capacity(request: WebhookRequest, size: int) -> None:
    try:
        without_token.check_capacity(size)
    except RateLimitExceeded as error:
        request.response = responses.rate_limited(error.retry_after)


def _open(requests: Sequence[WebhookRequest]) -> list[WebhookRequest]:
    return [request for request in requests if request.response is None]


def _webhook(request: WebhookRequest) -> InboundWebhook:
    assert request.webhook is not None
    return request.webhook


def _token_hash(request: WebhookRequest) -> str:
    return _webhook(request).token_hash


def _token_key(request: WebhookRequest) -> str:
    return _token_hash(request) or _webhook(request).provider


def _rate_key(request: WebhookRequest) -> str:
    # Anybody can send webhooks without a token: they use no account's rate.
    owner = request.integration if _token_hash(request) else None
    key = str(owner.id) if owner else _webhook(request).provider
    return f"refused:{key}" if request.is_signature_refused else key


def _log_line(request: WebhookRequest) -> dict[str, object]:
    webhook = _webhook(request)
    line: dict[str, object] = {"event_id": webhook.id, "bytes": len(webhook.body)}
    if webhook.request_id:
        line["request_id"] = webhook.request_id
    if request.integration:
        line["integration_id"] = request.integration.id
    return line
