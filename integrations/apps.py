from django.apps import AppConfig
from django.core.checks import Tags, register


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrações"

    def ready(self) -> None:
        from flowzz.accounts.models import login_email_changed  # noqa: PLC0415 - needs the registry
        from integrations import checks, ingest  # noqa: PLC0415 - as above
        from integrations.bulk_actions import bulk_jobs, earnings  # noqa: PLC0415 - as above
        from sales.order_ids import merges  # noqa: PLC0415 - as above

        register(checks.check_encryption_fallbacks)
        register(checks.check_urls)
        register(checks.check_webhooks_without_token)
        register(checks.check_stored_secrets, Tags.database)
        merges.orders_counted.connect(ingest.count_sales)
        merges.sales_merged.connect(earnings.recalculate_merged)
        login_email_changed.connect(bulk_jobs.recalculate_for_login)
