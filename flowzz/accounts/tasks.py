"""Celery tasks of this room."""

from celery import shared_task

from flowzz.accounts import sessions


@shared_task
def purge_sessions() -> None:
    sessions.purge()
