"""Runs and their findings are stored for RECORD_RETENTION."""

from flowzz.core.db.batched_deletes import delete_in_batches
from flowzz.core.db.db_time import read_clock
from flowzz.core.db.jobs import UNDER_WAY
from flowzz.core.ids import lowest_uuid7
from integrations.models import SyncFinding, SyncRun
from integrations.runtime_settings import RECORD_RETENTION


def delete_old_runs() -> int:
    """Delete the ended runs past RECORD_RETENTION with their findings; return how many runs."""
    first_kept = lowest_uuid7(read_clock() - RECORD_RETENTION.value_in_database())
    runs = SyncRun.objects.filter(id__lt=first_kept).exclude(state__in=UNDER_WAY)
    # First the findings, in batches of their own: a run can have a hundred thousand.
    delete_in_batches(SyncFinding.objects.filter(run__in=runs))
    return delete_in_batches(runs)
