"""Whether a provider's API lists sales: stop syncs where it never did, report where it does."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Count, Exists, Max, Min, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from flowzz.core.db.jobs import JobState
from integrations import connection, modes
from integrations.models import (
    Alert,
    AlertKind,
    Integration,
    IntegrationMode,
    IntegrationStatus,
    SyncRun,
)
from integrations.monitoring import alert_rules, alerts
from integrations.monitoring.alerts import Message
from integrations.providers.contracts import ApiClient
from integrations.providers.errors import EndpointMissing, IntegrationError
from integrations.providers.registry import get_provider
from integrations.secrets import field_encryption
from integrations.secrets.crypto import DecryptionError

log = structlog.stdlib.get_logger(__name__)

MISSING_ANSWERS, MISSING_FOR = 3, timedelta(hours=24)


def react_to_run(run_id: uuid.UUID) -> None:
    """Stop syncs without a listing, and report a refused key, as soon as a run shows it."""
    stop_syncs_without_listing(run_id)
    alert_rules.evaluate_alert_rule(AlertKind.KEY_REFUSED)


def stop_syncs_without_listing(run_id: uuid.UUID) -> None:
    """Change a run's integration to webhook mode if its API has no listing of sales.

    That is so after three answers over 24 hours that the address is missing, while the API
    accepts the key. An integration that has ever completed a sync keeps its mode.
    """
    missing = SyncRun.objects.filter(id=run_id, error_code=EndpointMissing.code)
    run = missing.select_related("integration").first()
    if run is None or not _has_no_listing(run.integration):
        return
    if not _succeeds(run.integration, lambda client: client.test_key()):
        return
    with transaction.atomic():
        integration = Integration.objects.select_for_update().get(id=run.integration_id)
        if integration.is_connected and modes.uses_api(integration):
            connection.stop_syncs(integration)
            message = _syncs_stopped(get_provider(integration.provider).label)
            alerts.notify(integration, AlertKind.WEBHOOK_MODE, message)
            log.info("syncs_stopped", integration_id=str(integration.id))


def _has_no_listing(integration: Integration) -> bool:
    if integration.sync_cursor or integration.runs.filter(state=JobState.SUCCEEDED).exists():
        return False
    missing = integration.runs.filter(
        state=JobState.FAILED,
        error_code=EndpointMissing.code,
        finished_at__gte=integration.mode_changed_at or integration.created_at,
    ).aggregate(count=Count("id"), first=Min("finished_at"), last=Max("finished_at"))
    if missing["count"] < MISSING_ANSWERS:
        return False
    span: timedelta = missing["last"] - missing["first"]
    return span >= MISSING_FOR


def untried_integrations() -> "QuerySet[Integration]":
    """Select the integrations in webhook mode whose API may list sales: they have a key.

    Those whose owner was notified already are left out.
    """
    notified = Alert.objects.filter(
        integration=OuterRef("id"),
        kind=AlertKind.API_ANSWERS,
        opened_at__gte=Coalesce(OuterRef("mode_changed_at"), OuterRef("created_at")),
    )
    return Integration.objects.filter(
        ~Exists(notified),
        ~modes.switched_off(),
        mode=IntegrationMode.WEBHOOK,
        status=IntegrationStatus.CONNECTED,
        paused_at=None,
    ).exclude(api_key="")


def try_api(integration_id: uuid.UUID) -> None:
    """Notify the owner, once, if the API lists sales. A failure is nobody's concern."""
    integration = untried_integrations().filter(id=integration_id).first()
    if integration is None or not _succeeds(integration, lambda api: api.fetch_sales(None, 1)):
        return
    with transaction.atomic():
        locked = untried_integrations().select_for_update(of=("self",)).filter(id=integration_id)
        if locked.exists():
            message = _api_answers(get_provider(integration.provider).label)
            alerts.notify(integration, AlertKind.API_ANSWERS, message)
            log.info("api_answers", integration_id=str(integration.id))


def _succeeds(integration: Integration, call: Callable[[ApiClient], object]) -> bool:
    """Make a call with the integration's key: one attempt, without the circuit breaker."""
    try:
        api_key = field_encryption.decrypt(integration, "api_key")
        with get_provider(integration.provider).interactive_client(api_key) as client:
            call(client)
    except (IntegrationError, DecryptionError):
        return False
    return True


def _syncs_stopped(label: str) -> Message:
    return Message(
        f"Por mais de 24 horas a API do {label} respondeu que não tem a lista de vendas, embora "
        "aceite a chave: a integração passou a receber só por webhooks e arquivos. Se as outras "
        "integrações sincronizam, veja o que esta conta tem de diferente; se nenhuma "
        "sincroniza, confira o caminho da API nas configurações do servidor.",
        f"A API do {label} não oferece a lista de vendas da sua conta, por isso paramos de "
        "sincronizar. Sua integração continua conectada: as vendas novas chegam pelos webhooks. "
        f"Confira se cada postback no {label} usa o endereço mostrado em Integrações. As vendas "
        "antigas entram por um arquivo, em Importar vendas. Se a API passar a responder, "
        "avisaremos.",
    )


def _api_answers(label: str) -> Message:
    return Message(
        f"A API do {label} respondeu com a lista de vendas, e quem vende recebeu um aviso. Essa "
        "pessoa pode conectar de novo com a chave; ou use, na página da integração, “Voltar a "
        "sincronizar pela API”.",
        f"A API do {label} agora responde com a lista das suas vendas. Se quiser que o Flowzz "
        "volte a sincronizar, conecte de novo com a sua chave de API, em Integrações. Se não "
        "fizer nada, tudo continua como está: as vendas chegam pelos webhooks.",
    )
