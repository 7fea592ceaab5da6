"""Waiting for a run on behalf of a person: a worker carries it out meanwhile."""

import time
from typing import Final

from django.conf import settings
from django.utils import timezone

from integrations.models import SyncRun

POLL_SECONDS: Final = 0.15


def wait_for(run: SyncRun) -> None:
    """Look at a run until it ends, is put off, or `SYNC_WAIT_SECONDS` have passed."""
    deadline = time.monotonic() + settings.SYNC_WAIT_SECONDS
    while run.is_under_way and not is_put_off(run) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        run.refresh_from_db()


def is_put_off(run: SyncRun) -> bool:
    """It failed in a way that may pass, and is tried again later."""
    return run.not_before is not None and run.not_before > timezone.now()
