from django.apps import AppConfig
from django.core.checks import Tags, register


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrações"

    def ready(self) -> None:
        from flowzz.accounts.models import login_email_changed  # noqa: PLC0415 - needs the registry
        from integrations import checks, connection, ingest  # noqa: PLC0415
        from sales.order_ids.merges import orders_counted  # noqa: PLC0415

        register(checks.check_encryption_fallbacks)
        register(checks.check_urls)
        register(checks.check_webhooks_without_token)
        register(checks.check_stored_secrets, Tags.database)
        orders_counted.connect(ingest.count_sales)
        login_email_changed.connect(connection.recalculate_for_login)
