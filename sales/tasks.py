"""Celery tasks of the sales app."""

from uuid import UUID

from celery import shared_task

from flowzz.core.db.jobs import enqueue_claimable
from sales.exports import export_jobs
from sales.models import Export
from sales.stats import daily_stats


@shared_task
def refresh_daily_stats() -> None:
    """Recount dirty days before a reader has to wait for it."""
    for user_id in daily_stats.users_with_dirty_days():
        daily_stats.refresh(user_id)


@shared_task
def run_export(export_id: str) -> None:
    export_jobs.execute(UUID(export_id))


@shared_task
def maintain_exports() -> None:
    """Enqueue exports whose message or worker was lost, and delete expired ones."""
    export_jobs.delete_expired()
    enqueue_claimable(run_export, Export)
