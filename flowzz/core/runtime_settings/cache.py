"""The values that staff have saved, known to every process within seconds."""

import math
import threading
import time
from typing import cast

import structlog
from django.db import Error, connection, transaction

from flowzz.core.db.backend.base import DatabaseWrapper
from flowzz.core.models import Setting

MAX_AGE_SECONDS = 5.0
MAX_AGE_MEANWHILE_SECONDS = 30.0
"""Older values are used while a thread reloads them, up to this age."""
RELOAD_SECONDS = 5.0
RETRY_SECONDS = 10.0
"""Until the next attempt after the database failed, which a thread makes as well."""

log = structlog.stdlib.get_logger(__name__)


class SettingsCache:
    """A copy per process, so that requests cost no SQL. Survives an outage of the database.

    In a busy process no caller waits for the database, which may be frozen: a thread reloads.
    """

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._tried_at = -math.inf
        self._next_at = -math.inf
        """When the database was last asked, and when to ask it. Both by `time.monotonic`."""
        self._expiries = 0

    def get(self, name: str) -> str | None:
        """Return the saved text."""
        now = time.monotonic()
        if now >= self._next_at:
            self._next_at = now + RETRY_SECONDS  # until then the others use the known values
            if now - self._tried_at < MAX_AGE_MEANWHILE_SECONDS:
                threading.Thread(target=self._reload_alone, name="settings", daemon=True).start()
            else:
                self._reload()
        return self._values.get(name)

    def expire(self) -> None:
        """Reload at the next use, which waits for it."""
        self._expiries += 1
        self._tried_at = self._next_at = -math.inf

    def use_known_values(self) -> None:
        """Do not ask the database for a while, because it has just failed."""
        self._next_at = max(self._next_at, time.monotonic() + RETRY_SECONDS)

    def _reload_alone(self) -> None:
        with cast(DatabaseWrapper, connection).deadline(RELOAD_SECONDS):
            self._reload()
        connection.close()

    def _reload(self) -> None:
        expiries = self._expiries
        try:
            with transaction.atomic():  # an error must not break the caller's transaction
                values = dict(Setting.objects.values_list("name", "value"))
        except Error as error:
            log.warning("settings_reload_failed", cause=type(error).__name__)
            self._tried_at = time.monotonic()
            return
        if expiries != self._expiries:  # they may have been read before the change
            return
        self._values, self._tried_at = values, time.monotonic()
        self._next_at = self._tried_at + MAX_AGE_SECONDS


SAVED_VALUES = SettingsCache()
