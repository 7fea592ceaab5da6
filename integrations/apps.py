from django.apps import AppConfig
from django.core.checks import Tags, register


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrações"

    def ready(self) -> None:
        from integrations import checks  # noqa: PLC0415 - models need the registry

        register(checks.check_encryption_fallbacks)
        register(checks.check_urls)
        register(checks.check_webhooks_without_token)
        register(checks.check_stored_secrets, Tags.database)
