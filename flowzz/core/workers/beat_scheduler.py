"""The scheduler of periodic tasks."""

from typing import Any

import structlog
from django.utils import timezone
from django_celery_beat.schedulers import DatabaseScheduler

log = structlog.stdlib.get_logger(__name__)


class Scheduler(DatabaseScheduler):
    """Keeps scheduling after the system clock was set back.

    A task whose last run lies in the future would wait until then, and all tasks behind it in
    the heap.
    """

    _heap: Any  # the base class has no types

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Send the tasks that are due; return the seconds until the next tick."""
        now = timezone.now()
        entries = [*self.schedule.values(), *(event.entry for event in self._heap or ())]
        in_future = [entry for entry in entries if entry.last_run_at > now]
        for entry in in_future:
            entry.last_run_at = now
        if in_future:
            log.warning("clock_set_back", entries=len(in_future))
            self._heap = None
        seconds: float = super().tick(*arguments, **options)
        return seconds
