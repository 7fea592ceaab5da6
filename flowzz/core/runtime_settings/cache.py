"""The values that staff have saved, known to every process within seconds."""

import threading
import time

import structlog
from django.db import Error, transaction

from flowzz.core.models import Setting

MAX_AGE_SECONDS = 5.0
RETRY_SECONDS = 30.0
"""Until the next attempt after the database failed."""

log = structlog.stdlib.get_logger(__name__)


class SettingsCache:
    """A copy per process, so that requests cost no SQL. Survives an outage of the database."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._expires_at = 0.0
        self._reload_lock = threading.Lock()
        self.is_frozen = False
        """While True, the known values are used: the database is known to fail."""

    def get(self, name: str) -> str | None:
        """Return the saved text. While one thread reloads, the others use the known values."""
        is_old = time.monotonic() >= self._expires_at and not self.is_frozen
        if is_old and self._reload_lock.acquire(blocking=False):
            try:
                self._reload()
            finally:
                self._reload_lock.release()
        return self._values.get(name)

    def expire(self) -> None:
        """Reload at the next use."""
        self._expires_at = 0.0

    def _reload(self) -> None:
        try:
            with transaction.atomic():  # an error must not break the caller's transaction
                values = dict(Setting.objects.values_list("name", "value"))
        except Error as error:
            log.warning("settings_reload_failed", cause=type(error).__name__)
            self._expires_at = time.monotonic() + RETRY_SECONDS
            return
        self._values, self._expires_at = values, time.monotonic() + MAX_AGE_SECONDS


SAVED_VALUES = SettingsCache()
