"""Processing in which one order fails, whatever batch it is in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from integrations import ingest
from integrations.inbox import processing
from integrations.models import Integration
from tests.integrations.sellers import Seller


@dataclass
class FailingIngest:
    """`ingest`, but a batch that contains `number` raises `error`."""

    number: str
    error: Exception

    def __call__(self, integration: Integration, batch: Sequence[ingest.SourcedOrder]) -> Any:
        results = ingest.ingest(integration, batch)
        if any(sourced.order.external_id == self.number for sourced in batch):
            raise self.error
        return results


def process_failing(seller: Seller, failing: FailingIngest, *bodies: dict[str, Any]) -> None:
    with patch.object(processing, "ingest", failing):
        seller.process(*bodies)
