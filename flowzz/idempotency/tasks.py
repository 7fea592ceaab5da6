"""Celery tasks: each calls one function and may run twice."""

from celery import shared_task

from flowzz.idempotency import calls


@shared_task
def forget() -> None:
    calls.forget()
