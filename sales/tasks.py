"""Celery tasks of this room."""

from celery import shared_task

from sales import figures


@shared_task
def refresh_figures() -> None:
    """Count what has changed, so that whoever looks next doesn't wait for it."""
    for user_id in figures.users_with_marks():
        figures.refresh(user_id)
