"""What a diagnosis goes by, and what it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.utils.timesince import timesince


class Severity(Enum):
    GREEN = "good"
    YELLOW = "warning"
    RED = "bad"

    @property
    def label(self) -> str:
        return {"good": "Tudo certo", "warning": "Atenção", "bad": "Problema"}[self.value]


class Answer(Enum):
    """What came of asking the provider's API something that needs a valid key."""

    GOOD = "good"
    REFUSED = "refused"
    NOT_THE_API = "not_the_api"
    UNAVAILABLE = "unavailable"
    CIRCUIT_OPEN = "circuit_open"
    NO_KEY = "no_key"
    UNREADABLE_KEY = "unreadable_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """`ahead`: how far the provider's clock is before ours, where it told its time."""

    answer: Answer
    message: str = ""
    seconds: float = 0.0
    ahead: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All times are aware; `database_ahead` is its clock before that of this machine."""

    label: str
    now: datetime
    status: str
    connected_at: datetime | None
    paused_at: datetime | None
    api_key_set_at: datetime | None
    api_key_max_age: timedelta
    probe: Probe
    last_webhook_at: datetime | None
    requires_signature: bool
    rates: Sequence[float]
    """Of the 168 hours of a week; empty while the rhythm isn't known."""
    due_since: datetime | None
    quarantined: int
    has_workers: bool
    synced_at: datetime | None
    """The start of the last run that succeeded."""
    is_syncing: bool
    last_sync_status: str
    last_sync_error: str
    database_ahead: timedelta

    def ago(self, at: datetime) -> str:
        """Such as "há 2 horas"."""
        if self.now - at < timedelta(minutes=1):
            return "há menos de um minuto"
        return f"há {timesince(at, self.now)}"


@dataclass(frozen=True, slots=True)
class Finding:
    """`customer` is what can be sent to the integration's owner; empty where nothing is needed."""

    light: Severity
    said: str
    next_step: str = ""
    customer: str = ""
