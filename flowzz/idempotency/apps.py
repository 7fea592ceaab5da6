from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "flowzz.idempotency"
    verbose_name = "Chamadas repetidas"
