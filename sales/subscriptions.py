"""Writing subscriptions and their cycles, and affiliation requests."""

import hashlib
import json
import uuid
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any, Self

from clients.models import Client
from flowzz.core.db.bulk_upsert import upsert
from sales.facts import AffiliationFacts, SubscriptionFacts
from sales.models import AffiliationRequest, Sale, Subscription, SubscriptionCycle
from sales.recording import ChangeSource, Outcome

_TOLD = ("status", "unknown_status", "frequency", "cycle", "next_charge_date", "product_name")
_WRITTEN = (*_TOLD, "client", "observed_at", "updated_at")


class SubscriptionBatch:
    """The subscriptions that a batch can touch: read once, decided in memory, written once.

    The caller holds the seller's lock from `load` to `save`.
    """

    def __init__(self, user_id: uuid.UUID, source: str, known: Iterable[Subscription]) -> None:
        self._user_id = user_id
        self._source = source
        self._subscriptions = {row.subscription_hash: row for row in known}
        self._changed: dict[uuid.UUID, Subscription] = {}
        self._cycles = {
            (row.id, cycle.cycle): cycle
            for row in self._subscriptions.values()
            for cycle in row.cycles.all()
        }
        self._changed_cycles: dict[uuid.UUID, SubscriptionCycle] = {}

    @classmethod
    def load(cls, user_id: uuid.UUID, source: str, hashes: Collection[str]) -> Self:
        known: Iterable[Subscription] = ()
        if hashes:
            known = Subscription.objects.filter(
                user_id=user_id, source=source, subscription_hash__in=hashes
            ).prefetch_related("cycles")
        return cls(user_id, source, known)

    def record(
        self,
        facts: SubscriptionFacts,
        client: Client | None,
        sale: Sale | None,
        seen: ChangeSource,
    ) -> Outcome:
        """Apply what a source says of a subscription.

        An earlier cycle, or a message sent earlier than the newest one applied, is kept as a
        cycle of its own but changes nothing else.
        """
        if facts.sent_at:
            seen = replace(seen, observed_at=min(facts.sent_at, seen.observed_at))
        row = self._subscriptions.get(facts.subscription_hash)
        is_late = row is not None and seen.observed_at < row.observed_at
        if row is None:
            row, outcome = self._open(facts, client, seen), Outcome.CREATED
        else:
            outcome = self._update(row, facts, client, seen)
        if facts.cycle is not None:
            told = {"sale_id": sale and sale.id, "next_charge_date": facts.next_charge_date}
            entry = self._cycle(row, facts.cycle, seen)
            _revise(entry, told, only_empty=is_late)
        return outcome

    def save(self) -> None:
        upsert(self._changed.values(), update=_WRITTEN)
        upsert(self._changed_cycles.values(), update=["sale", "next_charge_date"])

    def _open(
        self, facts: SubscriptionFacts, client: Client | None, seen: ChangeSource
    ) -> Subscription:
        row = Subscription(
            user_id=self._user_id,
            client=client,
            source=self._source,
            subscription_hash=facts.subscription_hash,
            observed_at=seen.observed_at,
            **{name: getattr(facts, name) for name in _TOLD},
        )
        self._subscriptions[row.subscription_hash] = row
        self._changed[row.id] = row
        return row

    def _update(
        self, row: Subscription, facts: SubscriptionFacts, client: Client | None, seen: ChangeSource
    ) -> Outcome:
        if seen.observed_at < row.observed_at or _is_earlier(facts.cycle, row.cycle):
            return Outcome.STALE
        row.observed_at = seen.observed_at
        self._changed[row.id] = row
        told = {name: getattr(facts, name) for name in _TOLD}
        if facts.unknown_status:
            told["status"] = row.status
        changes = {
            name: value
            for name, value in told.items()
            if value != getattr(row, name) and (name == "unknown_status" or value not in (None, ""))
        }
        if client and row.client_id is None:
            changes["client"] = client
        if not changes:
            return Outcome.UNCHANGED
        for name, value in changes.items():
            setattr(row, name, value)
        return Outcome.UPDATED

    def _cycle(self, row: Subscription, cycle: int, seen: ChangeSource) -> SubscriptionCycle:
        """One that is known or new, and will be written."""
        entry = self._cycles.get((row.id, cycle))
        if entry is None:
            entry = SubscriptionCycle(subscription=row, cycle=cycle, observed_at=seen.observed_at)
            self._cycles[row.id, cycle] = entry
        self._changed_cycles[entry.id] = entry
        return entry


def _revise(entry: SubscriptionCycle, told: dict[str, Any], *, only_empty: bool) -> None:
    for name, value in told.items():
        if value and not (only_empty and getattr(entry, name)):
            setattr(entry, name, value)


def _is_earlier(cycle: int | None, than: int | None) -> bool:
    return cycle is not None and than is not None and cycle < than


def record_affiliations(
    user_id: uuid.UUID, source: str, requests: Collection[tuple[AffiliationFacts, ChangeSource]]
) -> list[Outcome]:
    """Write affiliation requests, in the order they came; each is one row by its content."""
    prints = [_fingerprint(facts) for facts, _ in requests]
    rows = {
        row.fingerprint: row
        for row in AffiliationRequest.objects.filter(
            user_id=user_id, source=source, fingerprint__in=prints
        )
    }
    outcomes, changed = [], {}
    for fingerprint, (facts, seen) in zip(prints, requests, strict=True):
        row = rows.get(fingerprint)
        if row is None:
            row = rows[fingerprint] = _request(user_id, source, fingerprint, facts, seen)
            outcome = Outcome.CREATED
        else:
            outcome = _answer(row, facts, seen)
        if outcome in (Outcome.CREATED, Outcome.UPDATED):
            changed[fingerprint] = row
        outcomes.append(outcome)
    upsert(changed.values(), update=["status", "observed_at", "updated_at"])
    return outcomes


def _request(
    user_id: uuid.UUID, source: str, fingerprint: str, facts: AffiliationFacts, seen: ChangeSource
) -> AffiliationRequest:
    return AffiliationRequest(
        user_id=user_id,
        source=source,
        fingerprint=fingerprint,
        affiliate_name=facts.affiliate_name,
        affiliate_email=facts.affiliate_email,
        affiliate_phone=facts.affiliate_phone,
        product_name=facts.product_name,
        status=facts.status,
        requested_at=facts.requested_at,
        observed_at=seen.observed_at,
    )


def _answer(row: AffiliationRequest, facts: AffiliationFacts, seen: ChangeSource) -> Outcome:
    if row.status == facts.status:
        return Outcome.UNCHANGED
    if seen.observed_at < row.observed_at:
        return Outcome.STALE
    row.status, row.observed_at = facts.status, seen.observed_at
    return Outcome.UPDATED


def _fingerprint(facts: AffiliationFacts) -> str:
    """Everything but the status: a request that was answered is the same request."""
    content = [
        facts.affiliate_name,
        facts.affiliate_email.casefold(),
        facts.affiliate_phone,
        facts.product_name,
        facts.requested_at.isoformat() if facts.requested_at else "",
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
