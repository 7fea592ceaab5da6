"""Celery tasks of this room."""

from uuid import UUID

from celery import shared_task

from sales import exporting, figures


@shared_task
def refresh_figures() -> None:
    """Count what has changed, so that whoever looks next doesn't wait for it."""
    for user_id in figures.users_with_marks():
        figures.refresh(user_id)


@shared_task
def run_export(export_id: str) -> None:
    exporting.execute(UUID(export_id))


@shared_task
def tend_exports() -> None:
    """Find exports whose worker or wake-up was lost, and delete those that have expired."""
    exporting.purge()
    for export_id in exporting.waiting():
        run_export.delay(str(export_id))
