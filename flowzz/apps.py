from django.apps import AppConfig
from django.db.backends.signals import connection_created

# Here, not in the package, so that `manage.py` can look at it before settings are complete:
# tasks and their callers find the application wherever Django is set up.
from flowzz.celery import app as celery_app
from flowzz.core.db import timestamp_loader

__all__ = ["FlowzzConfig", "celery_app"]


class FlowzzConfig(AppConfig):
    name = "flowzz"
    verbose_name = "Flowzz"

    def ready(self) -> None:
        connection_created.connect(
            timestamp_loader.use, dispatch_uid="flowzz.core.db.timestamp_loader"
        )
