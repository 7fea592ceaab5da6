"""Record what sources report about subscriptions and their cycles (renewals)."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Self

from clients.models import Client
from flowzz.core.db.bulk_upsert import upsert
from sales.facts import SubscriptionFacts
from sales.models import ChangeSource, Sale, Subscription, SubscriptionCycle
from sales.recording import Outcome
from sales.statuses import SubscriptionStatus

_REPORTED_FIELDS = (
    *("status", "unknown_status", "frequency"),
    *("cycle", "next_charge_date", "product_name"),
)
_UPDATED_FIELDS = (*_REPORTED_FIELDS, "is_status_reported", "client", "observed_at", "updated_at")


class SubscriptionBatch:
    """The subscriptions of a batch: read once, changed in memory, written once.

    The caller locks the user from `load` to `save`.
    """

    def __init__(
        self, user_id: uuid.UUID, provider: str, subscriptions: Iterable[Subscription]
    ) -> None:
        self._user_id = user_id
        self._provider = provider
        self._subscriptions = {row.subscription_hash: row for row in subscriptions}
        self._changed: dict[uuid.UUID, Subscription] = {}
        self._cycles = {
            (row.id, cycle.cycle): cycle
            for row in self._subscriptions.values()
            for cycle in row.cycles.all()
        }
        self._changed_cycles: dict[uuid.UUID, SubscriptionCycle] = {}

    @classmethod
    def load(cls, user_id: uuid.UUID, provider: str, hashes: Collection[str]) -> Self:
        if not hashes:
            return cls(user_id, provider, ())
        rows = Subscription.objects.filter(
            user_id=user_id, source=provider, subscription_hash__in=hashes
        )
        return cls(user_id, provider, rows.select_related("client").prefetch_related("cycles"))

    def record(
        self,
        facts: SubscriptionFacts,
        client: Client | None,
        sale: Sale | None,
        source: ChangeSource,
        *,
        by_document: bool = False,
    ) -> Outcome:
        """Apply a report about a subscription.

        A report about an earlier cycle, or sent before the newest one applied, only adds or
        completes that cycle. A newer one replaces the subscription's client only `by_document`:
        if it has the identifying document of `client`.
        """
        if facts.sent_at:
            source = replace(source, observed_at=min(facts.sent_at, source.observed_at))
        row = self._subscriptions.get(facts.subscription_hash)
        is_late = row is not None and source.observed_at < row.observed_at
        if row is None:
            row, outcome = self._create(facts, client, source), Outcome.CREATED
        else:
            owner = client if by_document or row.client is None else None
            outcome = self._update(row, facts, owner, source)
        if facts.cycle is not None:
            cycle = self._get_or_create_cycle(row, facts.cycle, source)
            values = {"sale_id": sale and sale.id, "next_charge_date": facts.next_charge_date}
            _set_cycle_fields(cycle, values, only_empty=is_late)
        return outcome

    def replace_sales(self, kept_ids: Mapping[uuid.UUID, uuid.UUID]) -> None:
        """Refer to the sales that absorbed others: maps absorbed to kept ones."""
        for cycle in self._cycles.values() if kept_ids else ():
            if cycle.sale_id:
                cycle.sale_id = kept_ids.get(cycle.sale_id, cycle.sale_id)

    def save(self) -> None:
        upsert(self._changed.values(), update=_UPDATED_FIELDS)
        upsert(self._changed_cycles.values(), update=["sale", "next_charge_date"])

    def _create(
        self, facts: SubscriptionFacts, client: Client | None, source: ChangeSource
    ) -> Subscription:
        row = Subscription(
            user_id=self._user_id,
            client=client,
            source=self._provider,
            subscription_hash=facts.subscription_hash,
            observed_at=source.observed_at,
            **{name: getattr(facts, name) for name in _REPORTED_FIELDS}
            | {
                "status": facts.status or SubscriptionStatus.PENDING,
                "is_status_reported": bool(facts.status or facts.unknown_status),
            },
        )
        self._subscriptions[row.subscription_hash] = row
        self._changed[row.id] = row
        return row

    def _update(
        self,
        row: Subscription,
        facts: SubscriptionFacts,
        client: Client | None,
        source: ChangeSource,
    ) -> Outcome:
        if source.observed_at < row.observed_at or _is_earlier(facts.cycle, row.cycle):
            return Outcome.STALE
        row.observed_at = source.observed_at
        self._changed[row.id] = row
        changes = _changed_values(row, facts)
        if client and client != row.client and not (row.client and row.client.erased_at):
            changes["client"] = client
        for name, value in changes.items():
            setattr(row, name, value)
        return Outcome.UPDATED if changes else Outcome.UNCHANGED

    def _get_or_create_cycle(
        self, row: Subscription, number: int, source: ChangeSource
    ) -> SubscriptionCycle:
        cycle = self._cycles.get((row.id, number))
        if cycle is None:
            cycle = SubscriptionCycle(
                subscription=row, cycle=number, observed_at=source.observed_at
            )
            self._cycles[row.id, number] = cycle
        self._changed_cycles[cycle.id] = cycle
        return cycle


def _changed_values(row: Subscription, facts: SubscriptionFacts) -> dict[str, Any]:
    """Return the reported values that differ; only a known status clears `unknown_status`."""
    values: dict[str, Any] = {name: getattr(facts, name) for name in _REPORTED_FIELDS}
    if facts.status or facts.unknown_status:
        values["is_status_reported"] = True
    if facts.unknown_status:
        del values["status"]
    return {
        name: value
        for name, value in values.items()
        if value != getattr(row, name)
        and value not in ((None,) if name == "unknown_status" and facts.status else (None, ""))
    }


def _set_cycle_fields(
    cycle: SubscriptionCycle, values: dict[str, Any], *, only_empty: bool
) -> None:
    for name, value in values.items():
        if value and not (only_empty and getattr(cycle, name)):
            setattr(cycle, name, value)


def _is_earlier(cycle: int | None, than: int | None) -> bool:
    return cycle is not None and than is not None and cycle < than
