"""Wake-ups that can't be sent."""

import uuid
from unittest.mock import patch

from celery import Celery
from django.conf import settings

from flowzz.local.servers.paths import free_port
from integrations import dispatch


def test_a_wake_up_that_cannot_be_sent_keeps_nobody_waiting() -> None:
    nowhere = Celery(set_as_current=False, broker=f"redis://127.0.0.1:{free_port()}/0")
    nowhere.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS

    with patch.object(dispatch, "app", nowhere), patch("kombu.utils.functional.sleep") as sleep:
        dispatch.enqueue_run(uuid.uuid4())

    assert sleep.call_args_list == []
