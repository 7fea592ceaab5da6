"""Celery tasks of the core."""

from celery import shared_task

from flowzz.core.api.idempotency import calls


@shared_task
def delete_expired_idempotent_calls() -> None:
    calls.delete_expired()
