from django.apps import AppConfig
from django.core.checks import register

from integrations import checks


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrações"

    def ready(self) -> None:
        register(checks.check_encryption_fallbacks)
        register(checks.check_urls)
        register(checks.check_webhooks_without_token)
