"""Facts about an integration become a score and its reasons."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from integrations.inbox import replay
from integrations.models import Integration, IntegrationStatus, RefusalReason, WebhookEvent
from integrations.monitoring.health import (
    Health,
    HealthInputs,
    assess,
    assess_all,
    assess_integration,
)
from integrations.monitoring.refusals import RefusedTotal
from tests import payloads
from tests.integrations.sellers import Seller

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WELL = HealthInputs(
    status=IntegrationStatus.CONNECTED,
    uses_api=True,
    now=NOW,
    connected_at=NOW - timedelta(days=10),
    api_key_set_at=NOW - timedelta(days=10),
    mode_changed_at=None,
    api_key_max_age=timedelta(days=180),
    sync_cursor=NOW - timedelta(minutes=30),
    last_sync_status="success",
    quarantined=0,
    waiting_since=None,
)


def test_nothing_wrong_is_a_hundred() -> None:
    assert assess(WELL) == Health(100, (), ())


@pytest.mark.parametrize(
    ("inputs", "score", "reason"),
    [
        (replace(WELL, status=IntegrationStatus.ERROR), 40, "A chave de API foi recusada."),
        (replace(WELL, status=IntegrationStatus.PENDING), 60, "A integração ainda não foi"),
        (replace(WELL, status=IntegrationStatus.DISCONNECTED), 0, "A integração está desconectada"),
        (replace(WELL, last_sync_status="error"), 80, "A última sincronização falhou."),
        (replace(WELL, sync_cursor=NOW - timedelta(hours=25)), 80, "Nenhuma sincronização deu"),
        (replace(WELL, sync_cursor=None), 80, "Nenhuma sincronização deu"),
        (
            replace(WELL, paused_at=NOW, sync_cursor=None, waiting_since=NOW - DAY),
            70,
            "A integração está pausada",
        ),
        (replace(WELL, quarantined=3), 90, "3 eventos em quarentena."),
        (replace(WELL, waiting_since=NOW - timedelta(minutes=6)), 80, "Há eventos esperando"),
        (
            replace(WELL, refused=[RefusedTotal(RefusalReason.RATE, 5, NOW)]),
            80,
            "Na última hora, 5 webhooks recusados: 5 por passar do limite por minuto. V",
        ),
        (replace(WELL, api_key_set_at=NOW - timedelta(days=181)), 90, "A chave de API é antiga."),
    ],
)
def test_each_fault_costs_and_says_why(inputs: HealthInputs, score: int, reason: str) -> None:
    health = assess(inputs)

    assert health.score == score
    assert len(health.reasons) == 1
    assert health.reasons[0].startswith(reason)


def test_a_few_refused_webhooks_are_no_fault() -> None:
    assert assess(replace(WELL, refused=[RefusedTotal(RefusalReason.RATE, 4, NOW)])).score == 100


def test_a_new_integration_has_a_day_for_its_first_sync() -> None:
    inputs = replace(WELL, sync_cursor=None, connected_at=NOW - timedelta(hours=1))
    assert assess(inputs) == Health(100, ())

    reconnected = replace(WELL, sync_cursor=None, api_key_set_at=NOW - timedelta(hours=1))
    assert assess(reconnected) == Health(100, ())


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        (
            replace(WELL, quarantined=3),
            "3 avisos de venda em análise pela nossa equipe. Nada se perdeu, e você não precisa "
            "fazer nada.",
        ),
        (
            replace(WELL, paused_at=NOW),
            "Nossa equipe pausou a integração. O que chega fica guardado e é processado quando "
            "ela for retomada.",
        ),
        (
            replace(WELL, waiting_since=NOW - DAY),
            "Suas vendas mais novas estão guardadas, mas ainda não aparecem: o processamento está "
            "atrasado, e nossa equipe já cuida disso.",
        ),
        (
            replace(WELL, last_sync_status="error"),
            "A última sincronização falhou. A próxima tenta de novo sozinha.",
        ),
        (
            replace(WELL, status=IntegrationStatus.ERROR),
            "A chave de API foi recusada. Conecte de novo com uma chave válida.",
        ),
    ],
)
def test_seller_reads_their_own_reasons(inputs: HealthInputs, reason: str) -> None:
    assert assess(inputs).seller_reasons == (reason,)


@pytest.mark.parametrize(
    "inputs",
    [
        replace(WELL, status=IntegrationStatus.ERROR),
        replace(WELL, last_sync_status="error"),
        replace(WELL, sync_cursor=NOW - timedelta(days=9)),
        replace(WELL, sync_cursor=None, api_key_set_at=None),
        replace(WELL, api_key_set_at=NOW - timedelta(days=181)),
    ],
)
def test_nothing_about_syncs_counts_in_webhook_mode(inputs: HealthInputs) -> None:
    assert assess(replace(inputs, uses_api=False)) == Health(100, (), ())


def test_webhooks_count_in_webhook_mode() -> None:
    inputs = replace(WELL, uses_api=False, quarantined=1, waiting_since=NOW - DAY)
    assert assess(inputs).score == 70


def test_score_never_falls_below_zero() -> None:
    worst = replace(
        WELL,
        status=IntegrationStatus.ERROR,
        last_sync_status="error",
        sync_cursor=NOW - timedelta(days=3),
        quarantined=1,
        waiting_since=NOW - timedelta(hours=1),
        api_key_set_at=NOW - timedelta(days=400),
    )

    assert assess(worst).score == 0


@pytest.mark.django_db
def test_an_event_waits_from_the_time_it_is_due() -> None:
    seller = Seller()
    seller.integration.sync_cursor = timezone.now()
    seller.integration.save()
    late = ("Há eventos esperando há mais de 5 minutos.",)
    seller.process(payloads.order(), received_at=timezone.now() - DAY)
    replay.replay(WebhookEvent.objects.all())
    assert assessed(seller.integration).reasons == ()

    retried = WebhookEvent.objects.filter(integration=seller.integration)
    retried.update(state="RETRY", next_attempt_at=timezone.now() + timedelta(minutes=1))
    assert assessed(seller.integration).reasons == ()

    retried.update(next_attempt_at=timezone.now() - timedelta(minutes=6))
    assert assessed(seller.integration).reasons == late


def assessed(integration: Integration) -> Health:
    """Return the health of the only integration, which its page and the list agree about."""
    health = assess_integration(Integration.objects.get(id=integration.id))
    assert assess_all() == [(integration.id, health)]
    return health
