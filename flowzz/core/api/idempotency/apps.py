from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "flowzz.core.api.idempotency"
    verbose_name = "Chamadas repetidas"
