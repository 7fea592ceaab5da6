"""Celery tasks of this room."""

from uuid import UUID

from celery import shared_task

from sales.exports import export_jobs
from sales.stats import daily_stats


@shared_task
def refresh_figures() -> None:
    """Count what has changed, so that whoever looks next doesn't wait for it."""
    for user_id in daily_stats.users_with_marks():
        daily_stats.refresh(user_id)


@shared_task
def run_export(export_id: str) -> None:
    export_jobs.execute(UUID(export_id))


@shared_task
def tend_exports() -> None:
    """Find exports whose worker or wake-up was lost, and delete those that have expired."""
    export_jobs.purge()
    for export_id in export_jobs.claimable_ids():
        run_export.delay(str(export_id))
