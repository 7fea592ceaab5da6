from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate

# Imported here, so that tasks find the Celery application wherever Django is set up. The package's
# `__init__` would be too early: `manage.py` imports it before the settings are complete.
from flowzz.celery import app as celery_app

__all__ = ["FlowzzConfig", "celery_app"]


class FlowzzConfig(AppConfig):
    name = "flowzz"
    verbose_name = "Flowzz"

    def ready(self) -> None:
        # The signal is sent for each app with models. At the last one all permissions exist.
        *_, last = (config for config in apps.get_app_configs() if config.models_module)
        post_migrate.connect(synchronise, sender=last)


def synchronise(plan: Sequence[tuple[Any, bool]] = (), **_: Any) -> None:
    """Bring the schedule and the staff groups up to date, unless migrations were reversed."""
    from flowzz.schedule import synchronise_schedule  # noqa: PLC0415 - models need the registry
    from flowzz.staff_groups import synchronise_staff_groups  # noqa: PLC0415 - the same

    if not any(is_backwards for _, is_backwards in plan):
        synchronise_schedule()
        synchronise_staff_groups()
