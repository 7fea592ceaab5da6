"""Celery tasks: each calls one function and may run twice."""

from celery import shared_task

from flowzz.core.api.idempotency import store


@shared_task
def forget() -> None:
    store.forget()
