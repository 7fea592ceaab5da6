"""What the checks of a diagnosis read, and what each returns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from flowzz.core.formatting import format_ago
from integrations.monitoring.refusals import RefusedTotal


class Severity(Enum):
    GREEN = "good"
    YELLOW = "warning"
    RED = "bad"

    @property
    def label(self) -> str:
        return {"good": "Tudo certo", "warning": "Atenção", "bad": "Problema"}[self.value]


class ApiStatus(Enum):
    """The result of a request to the provider's API that needs a valid key."""

    GOOD = "good"
    REFUSED = "refused"
    NOT_THE_API = "not_the_api"
    UNAVAILABLE = "unavailable"
    CIRCUIT_OPEN = "circuit_open"
    NOT_TRIED = "not_tried"
    NO_KEY = "no_key"
    UNREADABLE_KEY = "unreadable_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiProbe:
    """`clock_ahead` is how far the provider's clock is ahead of ours; None if unknown."""

    status: ApiStatus
    message: str = ""
    seconds: float = 0.0
    clock_ahead: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastImport:
    """The newest import of sales from a file."""

    state: str
    created_at: datetime
    errors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisInputs:
    """All times are aware; `database_ahead` is how far its clock is ahead of this machine's."""

    label: str
    uses_api: bool
    """False in webhook mode: then the API is not called, and syncs are not looked at."""
    now: datetime
    status: str
    connected_at: datetime | None
    paused_at: datetime | None
    api_key_set_at: datetime | None
    api_key_max_age: timedelta
    probe: ApiProbe
    last_webhook_at: datetime | None
    requires_signature: bool
    hourly_rates: Sequence[float]
    """The baseline's rates of the 168 hours of a week; empty without a baseline."""
    due_since: datetime | None
    quarantined: int
    has_workers: bool
    synced_at: datetime | None
    """The start of the last successful run."""
    is_syncing: bool
    last_sync_status: str
    last_sync_error: str
    database_ahead: timedelta
    last_import: LastImport | None = None
    refused: Sequence[RefusedTotal] = ()
    """The webhooks that were refused in the last 24 hours, and those observed."""
    signing_observed_since: datetime | None = None
    accepts_without_token: bool = True
    """Whether the webhook URLs without a token are enabled."""
    is_unrouted_full: bool = False
    """Whether these URLs refuse webhooks, because too many events are unrouted."""

    def ago(self, time: datetime) -> str:
        return format_ago(time, self.now)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """`customer_message` can be sent to the integration's owner; empty if they need do nothing."""

    severity: Severity
    message: str
    next_step: str = ""
    customer_message: str = ""
