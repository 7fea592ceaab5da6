"""Record affiliation requests; each is one row, identified by its content."""

import hashlib
import json
import uuid
from collections.abc import Collection
from dataclasses import asdict

from flowzz.core.db.bulk_upsert import upsert
from sales.facts import AffiliationFacts
from sales.models import AffiliationRequest, ChangeSource
from sales.recording import Outcome


def record_affiliations(
    user_id: uuid.UUID, provider: str, requests: Collection[tuple[AffiliationFacts, ChangeSource]]
) -> list[Outcome]:
    """Write affiliation requests in the order of their arrival."""
    fingerprints = [_fingerprint(facts) for facts, _ in requests]
    rows = {
        row.fingerprint: row
        for row in AffiliationRequest.objects.filter(
            user_id=user_id, source=provider, fingerprint__in=fingerprints
        )
    }
    outcomes, changed = [], {}
    for fingerprint, (facts, source) in zip(fingerprints, requests, strict=True):
        row = rows.get(fingerprint)
        if row is None:
            row = AffiliationRequest(
                user_id=user_id,
                source=provider,
                fingerprint=fingerprint,
                observed_at=source.observed_at,
                **{name: value for name, value in asdict(facts).items() if name != "warnings"},
            )
            rows[fingerprint], outcome = row, Outcome.CREATED
        else:
            outcome = _update_status(row, facts, source)
        if outcome in (Outcome.CREATED, Outcome.UPDATED):
            changed[fingerprint] = row
        outcomes.append(outcome)
    upsert(changed.values(), update=["status", "observed_at", "updated_at"])
    return outcomes


def _update_status(
    row: AffiliationRequest, facts: AffiliationFacts, source: ChangeSource
) -> Outcome:
    if row.status == facts.status:
        return Outcome.UNCHANGED
    if source.observed_at < row.observed_at:
        return Outcome.STALE
    row.status, row.observed_at = facts.status, source.observed_at
    return Outcome.UPDATED


def _fingerprint(facts: AffiliationFacts) -> str:
    """Hash all fields but the status: an answered request is the same request."""
    content = [
        facts.affiliate_name,
        facts.affiliate_email.casefold(),
        facts.affiliate_phone,
        facts.product_name,
        facts.requested_at.isoformat() if facts.requested_at else "",
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
