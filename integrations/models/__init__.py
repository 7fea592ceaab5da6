"""An integration and what it keeps: its inbox, its runs, the words it doesn't know, its alerts."""

from integrations.models.activity import ActivityHour, Circuit
from integrations.models.alerts import Alert, AlertKind
from integrations.models.baseline import WebhookRhythm
from integrations.models.bulk_actions import BulkAction, BulkKind, BulkState
from integrations.models.events import (
    EventFailure,
    EventKind,
    EventOutcome,
    EventState,
    WebhookEvent,
)
from integrations.models.imports import ImportState, SalesImport
from integrations.models.integrations import Integration, IntegrationStatus, WebhookToken
from integrations.models.runs import FindingKind, RunState, SyncFinding, SyncRun, Trigger
from integrations.models.status_mappings import UnknownStatus, WordSighting
from integrations.models.volume import WebhookVolume

__all__ = [
    "ActivityHour",
    "Alert",
    "AlertKind",
    "BulkAction",
    "BulkKind",
    "BulkState",
    "Circuit",
    "EventFailure",
    "EventKind",
    "EventOutcome",
    "EventState",
    "FindingKind",
    "ImportState",
    "Integration",
    "IntegrationStatus",
    "RunState",
    "SalesImport",
    "SyncFinding",
    "SyncRun",
    "Trigger",
    "UnknownStatus",
    "WebhookEvent",
    "WebhookRhythm",
    "WebhookToken",
    "WebhookVolume",
    "WordSighting",
]
