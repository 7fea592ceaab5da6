from django.apps import AppConfig
from django.core.checks import Tags, register

from flowzz.core import observability
from flowzz.core.db.migration_checks import check_indexes


class CoreConfig(AppConfig):
    name = "flowzz.core"
    verbose_name = "Base"

    def ready(self) -> None:
        register(check_indexes, Tags.database)
        observability.prepare()
