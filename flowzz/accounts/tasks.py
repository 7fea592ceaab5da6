"""Celery tasks of accounts."""

from celery import shared_task

from flowzz.accounts import sessions


@shared_task
def delete_expired_sessions() -> None:
    sessions.delete_expired()
