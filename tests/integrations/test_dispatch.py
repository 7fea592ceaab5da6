"""Tasks that can't be enqueued."""

import uuid
from unittest.mock import patch

from celery import Celery
from django.conf import settings

from flowzz.core.db import jobs
from flowzz.local.servers.paths import free_port
from integrations import dispatch


def test_unreachable_broker_does_not_delay_the_caller() -> None:
    unreachable = Celery(set_as_current=False, broker=f"redis://127.0.0.1:{free_port()}/0")
    unreachable.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS

    with (
        patch.object(jobs, "current_app", unreachable),
        patch("kombu.utils.functional.sleep") as sleep,
    ):
        dispatch.enqueue_run(uuid.uuid4())

    assert sleep.call_args_list == []
