"""The scheduler of periodic tasks, steady when the clock of its machine is set back."""

from typing import Any

import structlog
from django.utils import timezone
from django_celery_beat.schedulers import DatabaseScheduler

log = structlog.stdlib.get_logger(__name__)


class Scheduler(DatabaseScheduler):
    """What has last run in the future would wait until then, and everything behind it."""

    _heap: Any  # of the untyped base

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Send what is due; return the seconds until the next look."""
        now = timezone.now()
        entries = [*self.schedule.values(), *(event.entry for event in self._heap or ())]
        ahead = [entry for entry in entries if entry.last_run_at > now]
        for entry in ahead:
            entry.last_run_at = now
        if ahead:
            log.warning("clock_set_back", entries=len(ahead))
            self._heap = None
        seconds: float = super().tick(*arguments, **options)
        return seconds
