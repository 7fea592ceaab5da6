"""The settings of integrations that staff change while the processes run."""

from dataclasses import fields
from datetime import timedelta

from flowzz.core.runtime_settings.definitions import (
    amount_setting,
    emails_setting,
    rate_setting,
    yes_no_setting,
)
from integrations.providers.registry import PROVIDERS, setting_name

ALERT_EMAILS = emails_setting(
    "ALERT_EMAILS",
    "E-mails da equipe que recebem os alertas",
    "Separados por vírgula. Quem vende sempre recebe os da própria integração.",
)
API_ENABLED = {
    provider.name: yes_no_setting(
        setting_name(provider, "api_enabled"),
        f"Usar a API do {provider.label}",
        "Com “não”, nenhuma venda é sincronizada: todas as integrações ficam só com webhooks e "
        "arquivos, e nada disso conta como falha. Com “sim”, cada uma volta ao próprio modo.",
    )
    for provider in PROVIDERS
    if "api_enabled" in {field.name for field in fields(provider.settings_class)}
}
"""The switch of each provider's API, by the provider's name."""
WEBHOOK_RATE = rate_setting(
    "RATE_LIMIT_WEBHOOK",
    "Webhooks de uma integração",
    "Acima disso a plataforma recebe 429 e envia de novo depois.",
)
SYNC_RATE = rate_setting("RATE_LIMIT_SYNC", "Sincronizações pedidas por uma conta", "Pela API.")
IMPORT_RATE = rate_setting(
    "RATE_LIMIT_IMPORT", "Arquivos importados por uma conta", "Prévias contam."
)
PAYLOAD_RETENTION = amount_setting(
    "PAYLOAD_RETENTION",
    "Dias que o corpo dos webhooks é guardado",
    "Depois disso ele é removido de noite, e não há como voltar; as vendas ficam.",
    unit=timedelta(days=1),
    minimum=7,
    maximum=3650,
)
RECORD_RETENTION = amount_setting(
    "RECORD_RETENTION",
    "Dias que eventos e sincronizações são guardados",
    "Depois disso são removidos de noite, e não há como voltar; as vendas e o histórico delas "
    "ficam, e também os eventos em quarentena.",
    unit=timedelta(days=1),
    minimum=30,
    maximum=3650,
)
DUPLICATE_WINDOW = amount_setting(
    "DUPLICATE_WINDOW",
    "Horas em que um webhook igual conta como repetido",
    "Um repetido é guardado e não é aplicado.",
    unit=timedelta(hours=1),
    minimum=1,
    maximum=720,
)
SYNC_OVERLAP = amount_setting(
    "SYNC_OVERLAP",
    "Minutos que a sincronização volta atrás do cursor",
    "Para não perder o que a plataforma mostra com atraso.",
    unit=timedelta(minutes=1),
    minimum=0,
    maximum=10_080,
)
SYNC_INITIAL_AGE = amount_setting(
    "SYNC_INITIAL_AGE",
    "Dias que a primeira sincronização busca",
    "Vale o que for menor: estes dias ou o número de vendas abaixo.",
    unit=timedelta(days=1),
    minimum=1,
    maximum=3650,
)
SYNC_INITIAL_SALES = amount_setting(
    "SYNC_INITIAL_SALES",
    "Vendas que a primeira sincronização busca, no máximo",
    unit=1,
    minimum=1,
    maximum=1_000_000,
)
