"""The models of integrations: events, sync runs, status mappings, jobs, statistics, alerts."""

from integrations.models.alerts import Alert, AlertKind
from integrations.models.baseline import WebhookBaseline
from integrations.models.bulk_actions import BulkAction, BulkKind
from integrations.models.events import (
    EventFailure,
    EventKind,
    EventOutcome,
    EventState,
    WebhookEvent,
    WebhookPayload,
)
from integrations.models.hourly_stats import Circuit, HourlyStats, HourlyWebhookCount
from integrations.models.imports import ImportState, SalesImport
from integrations.models.integrations import Integration, IntegrationStatus, WebhookToken
from integrations.models.runs import FindingKind, SyncFinding, SyncRun, Trigger
from integrations.models.status_mappings import StatusMapping, StatusMappingUsage

__all__ = [
    "Alert",
    "AlertKind",
    "BulkAction",
    "BulkKind",
    "Circuit",
    "EventFailure",
    "EventKind",
    "EventOutcome",
    "EventState",
    "FindingKind",
    "HourlyStats",
    "HourlyWebhookCount",
    "ImportState",
    "Integration",
    "IntegrationStatus",
    "SalesImport",
    "StatusMapping",
    "StatusMappingUsage",
    "SyncFinding",
    "SyncRun",
    "Trigger",
    "WebhookBaseline",
    "WebhookEvent",
    "WebhookPayload",
    "WebhookToken",
]
