"""The models of integrations: events, sync runs, status mappings, jobs, statistics, alerts."""

from integrations.models.bulk_actions import BulkAction, BulkKind
from integrations.models.events import (
    EventFailure,
    EventKind,
    EventOutcome,
    EventState,
    WebhookEvent,
    WebhookPayload,
)
from integrations.models.imports import ImportState, SalesImport
from integrations.models.integrations import (
    Integration,
    IntegrationMode,
    IntegrationStatus,
    WebhookToken,
)
from integrations.models.monitoring import (
    NOTICES,
    SEVERITIES,
    Alert,
    AlertKind,
    AlertRecipients,
    AlertSeverity,
    Circuit,
    HourlyStats,
    HourlyWebhookCount,
    RefusalReason,
    WebhookBaseline,
    WebhookRefusal,
)
from integrations.models.runs import FindingKind, SyncFinding, SyncRun, Trigger
from integrations.models.status_mappings import StatusMapping, StatusMappingUsage
