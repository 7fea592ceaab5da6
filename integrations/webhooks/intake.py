"""Accept webhooks: resolve their integrations, authenticate, limit their rates and store them.

However many webhooks a batch has, it costs one INSERT, which is its own commit, a statement if a
token is not known yet, and a round trip to Redis if the credit of a rate is used up.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import structlog
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, connection
from redis import RedisError

from flowzz.core import redis, redis_metrics
from flowzz.core.db.backend.base import DatabaseWrapper
from flowzz.core.rate_limits import Allowance, Credit, RateLimit, RateLimitExceeded
from integrations import dispatch
from integrations.inbox.store import InboundWebhook, check_writable, store
from integrations.models import RefusalReason
from integrations.runtime_settings import WEBHOOK_RATE
from integrations.webhooks import answers, fallback_buffer, refusals, without_token
from integrations.webhooks.requests import WebhookRequest
from integrations.webhooks.routing import (
    SignatureRefused,
    Tokens,
    UnknownToken,
    authenticate,
    find_tokens,
    resolve,
)

log = structlog.stdlib.get_logger(__name__)

RATE = RateLimit("webhook", WEBHOOK_RATE.value)
DEADLINE_SECONDS = 2.5
"""For the database to store a batch; then the batch goes to the fallback buffer."""
ATTEMPTS = 3


def accept(requests: Sequence[WebhookRequest], tokens: Tokens, credit: Credit) -> bool:
    """Answer requests: their webhooks are stored in the inbox, else in the fallback buffer.

    Returns False if the database failed.
    """
    try:
        with cast(DatabaseWrapper, connection).deadline(DEADLINE_SECONDS):
            for _ in range(ATTEMPTS):
                _resolve(_open(requests), tokens)
                _limit_rates(_open(requests), credit)
                _store(_open(requests))
                if not _open(requests):
                    break
                tokens.clear()  # one was changed since it was read
    except (DatabaseError, InterfaceError) as error:
        log.error("database_failed", cause=type(error.__cause__ or error).__name__)
        buffer(requests, credit)
        return False
    return True


def buffer(requests: Sequence[WebhookRequest], credit: Credit) -> None:
    """Answer requests: their webhooks are stored in the fallback buffer."""
    _refuse_over_rate(_open(requests), _token_key, credit)
    waiting = _open(requests)
    try:
        is_kept = fallback_buffer.push([_webhook(request) for request in waiting])
    except RedisError as error:
        log.error("webhook_not_buffered", cause=type(error).__name__)
        is_kept = [False] * len(waiting)
    for request, is_stored in zip(waiting, is_kept, strict=True):
        request.answer = answers.ACKNOWLEDGED if is_stored else answers.UNAVAILABLE
        request.integration = None


def follow_up(finished: Sequence[WebhookRequest], credit: Credit) -> None:
    """Log and count answered requests, and wake the workers, in one round trip to Redis."""
    stored = [request for request in finished if request.answer is answers.ACKNOWLEDGED]
    for request in stored:
        _log_received(request)
    owned = {request.integration.id for request in stored if request.integration}
    statuses = Counter(str(request.answer.status) for request in finished if request.answer)
    passed = Counter(request.uncounted_key for request in finished if request.uncounted_key)
    commands = redis_metrics.commands(
        answers.RESPONSES.increments(statuses), RATE.refused(statuses["429"])
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
        return
    if passed:
        credit.grant(RATE.allowances(passed, results.pop()))
    if owned:
        dispatch.enqueue_flagged(results.pop())


def _resolve(requests: Sequence[WebhookRequest], tokens: Tokens) -> None:
    """Find the owners, and verify the signatures that they require."""
    _find_owners(requests, tokens)
    if any(request.is_signature_refused for request in requests):
        tokens.clear()  # the secret may have been changed since it was read
        _find_owners(requests, tokens)


def _find_owners(requests: Sequence[WebhookRequest], tokens: Tokens) -> None:
    owners = resolve([_webhook(request) for request in requests], tokens)
    for request, owner in zip(requests, owners, strict=True):
        if isinstance(owner, UnknownToken):
            request.answer = answers.UNKNOWN_TOKEN
            continue
        try:
            request.integration = authenticate(_webhook(request), owner)
            request.is_signature_refused = request.is_signature_observed = False
        except SignatureRefused as error:
            request.integration = owner
            request.is_signature_observed = error.reason == RefusalReason.OBSERVED
            request.is_signature_refused = not request.is_signature_observed


def _limit_rates(requests: Sequence[WebhookRequest], credit: Credit) -> None:
    """Refuse what is over the rate. Refused signatures are counted apart from the others."""
    _refuse_over_rate(requests, _rate_key, credit)
    for request in _open(requests):
        if request.is_signature_refused and request.integration:
            id_ = str(request.integration.id)
            log.warning("webhook_signature_refused", integration_id=id_)
            request.answer = answers.INVALID_SIGNATURE


def _refuse_over_rate(
    requests: Sequence[WebhookRequest], key_of: Callable[[WebhookRequest], str], credit: Credit
) -> None:
    """Let the first requests of each key pass, as many as its rate allows."""
    keys = [key_of(request) for request in requests]
    unpaid = {key: n for key, n in Counter(keys).items() if not credit.spend(key, n)}
    allowances = _take(unpaid)
    credit.grant(allowances)
    passed = Counter[str]()
    for request, key in zip(requests, keys, strict=True):
        if key not in unpaid:
            request.uncounted_key = key
            continue
        passed[key] += 1
        if passed[key] > allowances[key].count:
            request.answer = answers.rate_limited(allowances[key].retry_after)


def _take(counts: Mapping[str, int]) -> dict[str, Allowance]:
    """Count requests by key. Returns what the rate allows of each: everything without Redis."""
    try:
        results = redis.run([RATE.take_command(counts)]) if counts else [()]
    except RedisError as error:
        log.warning("redis_failed", cause=type(error).__name__)
        return {key: Allowance(count, 0.0) for key, count in counts.items()}
    return RATE.allowances(counts, results[0])


def _store(requests: Sequence[WebhookRequest]) -> None:
    """Store webhooks in one commit, or each on its own if the data of one is refused."""
    for request in requests:
        if request.integration is None and not _token_hash(request):
            _check_capacity(request, len(_webhook(request).body))
    rows = _open(requests)
    try:
        stored = store([(_webhook(request), request.integration) for request in rows])
    except (DataError, IntegrityError) as error:
        _store_each(rows, error)
    else:
        for request in rows:
            if _webhook(request).id in stored:
                request.answer = answers.ACKNOWLEDGED


def _store_each(rows: Sequence[WebhookRequest], error: Exception) -> None:
    if len(rows) > 1:
        for request in rows:
            _store([request])
        return
    log.error("webhook_refused_by_database", exc_info=error)
    was_deleted = isinstance(error, IntegrityError)  # the integration, since it was found
    rows[0].answer = answers.UNKNOWN_TOKEN if was_deleted else answers.FAILED


def check_database() -> None:
    """Do what accepting a webhook does, without a trace. Raises the error that prevents it."""
    with cast(DatabaseWrapper, connection).deadline(DEADLINE_SECONDS):
        find_tokens({""})
        check_writable()


def _check_capacity(request: WebhookRequest, size: int) -> None:
    try:
        without_token.check_capacity(size)
    except RateLimitExceeded as error:
        request.answer = answers.rate_limited(error.retry_after)


def _open(requests: Sequence[WebhookRequest]) -> list[WebhookRequest]:
    return [request for request in requests if request.answer is None]


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


def _log_received(request: WebhookRequest) -> None:
    webhook = _webhook(request)
    details = {"request_id": webhook.request_id} if webhook.request_id else {}
    if request.integration:
        details["integration_id"] = str(request.integration.id)
    log.info("webhook_received", event_id=str(webhook.id), bytes=len(webhook.body), **details)
