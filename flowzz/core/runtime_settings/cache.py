"""What staff have saved of the settings: known to every process within seconds."""

import threading
import time

import structlog
from django.db import Error, transaction

from flowzz.accounts.models import Setting

FRESH_SECONDS = 5.0
RETRY_SECONDS = 30.0
"""After the database couldn't be asked."""

log = structlog.stdlib.get_logger(__name__)


class Saved:
    """A process' own copy, so that no request pays for it; without the database, the last one."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._fresh_until = 0.0
        self._reading = threading.Lock()

    def get(self, name: str) -> str | None:
        """The saved text; while one thread reads anew, the others go on with what is known."""
        if time.monotonic() >= self._fresh_until and self._reading.acquire(blocking=False):
            try:
                self._read()
            finally:
                self._reading.release()
        return self._values.get(name)

    def expire(self) -> None:
        """Ask the database at the next use."""
        self._fresh_until = 0.0

    def _read(self) -> None:
        try:
            with transaction.atomic():  # a failure leaves the caller's transaction whole
                values = dict(Setting.objects.values_list("name", "value"))
        except Error as error:
            log.warning("settings_not_read", cause=type(error).__name__)
            self._fresh_until = time.monotonic() + RETRY_SECONDS
            return
        self._values, self._fresh_until = values, time.monotonic() + FRESH_SECONDS


SAVED = Saved()
