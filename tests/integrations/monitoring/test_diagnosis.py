"""Every check of the diagnosis with every severity, and how its inputs are collected."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings
from time_machine import travel

from flowzz.core.workers import heartbeat
from integrations.connection import pause, stop_syncs
from integrations.models import (
    EventState,
    ImportState,
    Integration,
    IntegrationStatus,
    RefusalReason,
    SalesImport,
    WebhookBaseline,
    WebhookEvent,
)
from integrations.monitoring.diagnosis import CHECKS, collect, run_checks
from integrations.monitoring.diagnosis.check_types import (
    ApiProbe,
    ApiStatus,
    DiagnosisInputs,
    LastImport,
    Severity,
)
from integrations.monitoring.refusals import RefusedTotal
from integrations.providers.coinzz import COINZZ, adapter
from integrations.secrets import field_encryption
from integrations.sync.breaker import breaker_for
from integrations.webhooks import without_token
from tests.integrations.admin.rows import make_event
from tests.sandbox.client import SandboxClient

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
GOOD_PROBE = ApiProbe(status=ApiStatus.GOOD, seconds=0.2, clock_ahead=timedelta(seconds=0.4))
WELL = DiagnosisInputs(
    label="Coinzz",
    uses_api=True,
    now=NOW,
    status="CONNECTED",
    connected_at=NOW - 10 * DAY,
    paused_at=None,
    api_key_set_at=NOW - 10 * DAY,
    api_key_max_age=180 * DAY,
    probe=GOOD_PROBE,
    last_webhook_at=NOW - HOUR,
    requires_signature=False,
    hourly_rates=(),
    due_since=None,
    quarantined=0,
    has_workers=True,
    synced_at=NOW - HOUR,
    is_syncing=False,
    last_sync_status="success",
    last_sync_error="",
    database_ahead=timedelta(0),
)
BUSY = (4.0,) * (7 * 24)
WEBHOOKS_ONLY = replace(WELL, uses_api=False, probe=ApiProbe(status=ApiStatus.NOT_TRIED))
G, Y, R = Severity.GREEN, Severity.YELLOW, Severity.RED


def imported(state: ImportState, errors: int = 0) -> DiagnosisInputs:
    last = LastImport(state=state, created_at=NOW - HOUR, errors=errors)
    return replace(WEBHOOKS_ONLY, last_import=last)


def refused(reason: RefusalReason, count: int) -> DiagnosisInputs:
    return replace(WELL, refused=[RefusedTotal(reason, count, NOW - HOUR)])


def probed(answer: ApiStatus, **details: Any) -> DiagnosisInputs:
    return replace(WELL, probe=ApiProbe(status=answer, message="Erro.", **details))


CASES = [
    ("chave", WELL, G, "A chave funciona e foi informada há"),
    ("chave", replace(WELL, api_key_set_at=NOW - 181 * DAY), Y, "A chave funciona, mas"),
    ("chave", probed(ApiStatus.UNAVAILABLE), Y, "Não deu para testar"),
    ("chave", probed(ApiStatus.REFUSED), R, "O Coinzz recusou"),
    ("chave", probed(ApiStatus.NO_KEY), R, "Nenhuma chave"),
    ("chave", probed(ApiStatus.UNREADABLE_KEY), R, "A chave guardada não pode"),
    ("api", WELL, G, "A API respondeu com dados em 0,2 s"),
    ("api", probed(ApiStatus.REFUSED, seconds=0.1), G, "A API respondeu"),
    ("api", probed(ApiStatus.GOOD, seconds=3.5), Y, "A API respondeu, mas demorou 3,5 s"),
    ("api", probed(ApiStatus.CIRCUIT_OPEN), Y, "O Coinzz não foi consultado"),
    ("api", probed(ApiStatus.NO_KEY), Y, "Sem uma chave"),
    ("api", probed(ApiStatus.NOT_THE_API), R, "Erro."),
    ("api", probed(ApiStatus.UNAVAILABLE), R, "Erro."),
    ("webhooks", WELL, G, "O último chegou há 1\xa0hora."),
    ("webhooks", replace(WELL, last_webhook_at=NOW - 8 * DAY), Y, "O último chegou há 1"),
    ("webhooks", replace(WELL, last_webhook_at=None, connected_at=NOW - HOUR), Y, "Nenhum"),
    ("webhooks", replace(WELL, last_webhook_at=None), R, "Nenhum webhook"),
    ("webhooks", replace(WELL, hourly_rates=BUSY, last_webhook_at=NOW - 5 * HOUR), R, "O último"),
    ("webhooks", replace(WELL, status="DISCONNECTED"), R, "A integração está desconectada"),
    ("recusados", WELL, G, "Nenhum nas últimas 24 horas."),
    ("recusados", refused(RefusalReason.EXPIRED_URL, 2), R, "Nas últimas 24 horas, 2 webhooks"),
    ("recusados", replace(WELL, signing_observed_since=NOW - DAY), Y, "A assinatura está em"),
    (
        "recusados",
        replace(refused(RefusalReason.OBSERVED, 1), signing_observed_since=NOW - DAY),
        Y,
        "A assinatura está em observação há 1\xa0dia: nas últimas 24 horas, 1 webhook seria",
    ),
    ("fila", WELL, G, "Nada atrasado"),
    ("fila", replace(WELL, quarantined=3), Y, "3 eventos em quarentena"),
    ("fila", replace(WELL, paused_at=NOW - DAY, due_since=NOW - DAY), Y, "A integração está"),
    ("fila", replace(WELL, due_since=NOW - 6 * MINUTE), R, "Há eventos esperando há 6"),
    ("fila", replace(WELL, has_workers=False), R, "Nenhum processo de trabalho"),
    ("sincronizacao", WELL, G, "A última que deu certo começou há 1\xa0hora."),
    ("sincronizacao", replace(WELL, last_sync_status="error"), Y, "A última falhou"),
    ("sincronizacao", replace(WELL, synced_at=None, connected_at=NOW), Y, "Ainda não houve"),
    ("sincronizacao", replace(WELL, paused_at=NOW - HOUR), Y, "Suspensa"),
    ("sincronizacao", replace(WELL, synced_at=NOW - 2 * DAY), R, "Nenhuma deu certo há 2"),
    ("sincronizacao", replace(WELL, status="ERROR"), R, "Nenhuma sincronização é feita"),
    ("importacoes", WEBHOOKS_ONLY, G, "Nenhum arquivo foi importado."),
    ("importacoes", imported(ImportState.SUCCEEDED), G, "A última foi enviada há 1\xa0hora, sem"),
    ("importacoes", imported(ImportState.RUNNING), G, "A última foi enviada há 1\xa0hora e est"),
    (
        "importacoes",
        imported(ImportState.SUCCEEDED, 2),
        Y,
        "A última foi enviada há 1\xa0hora, com 2",
    ),
    (
        "importacoes",
        imported(ImportState.PREVIEWED),
        Y,
        "A última foi enviada há 1\xa0hora e espera",
    ),
    ("importacoes", imported(ImportState.FAILED), Y, "A última foi enviada há 1\xa0hora e falhou"),
    ("relogios", WEBHOOKS_ONLY, G, "Banco de dados: no mesmo horário que o nosso."),
    ("relogios", WELL, G, "Banco de dados: no mesmo horário que o nosso. Coinzz: no mesmo"),
    ("relogios", replace(WELL, database_ahead=-3 * timedelta(seconds=1)), Y, "Banco de dados: 3,0"),
    ("relogios", probed(ApiStatus.UNAVAILABLE), Y, "Banco de dados: no mesmo"),
    ("relogios", replace(WELL, database_ahead=MINUTE), R, "Banco de dados: 60,0 s à frente"),
    ("relogios", probed(ApiStatus.GOOD, clock_ahead=-10 * MINUTE), R, "Banco de dados: no mesmo"),
]


@pytest.mark.parametrize(("check", "inputs", "severity", "message"), CASES)
def test_check_returns_a_severity_a_message_and_a_next_step(
    check: str, inputs: DiagnosisInputs, severity: Severity, message: str
) -> None:
    result = CHECKS[check][1](inputs)
    assert result.severity == severity
    assert result.message.startswith(message)
    assert bool(result.next_step) == (severity != Severity.GREEN)
    if severity == Severity.RED:
        assert result.customer_message.startswith("Olá! ")


def test_disabled_urls_without_a_token_are_named_where_webhooks_are_missing() -> None:
    disabled = replace(WELL, last_webhook_at=None, accepts_without_token=False)
    name = "WEBHOOK_WITHOUT_TOKEN"
    assert name in CHECKS["webhooks"][1](disabled).next_step
    enabled = replace(disabled, accepts_without_token=True)
    assert name not in CHECKS["webhooks"][1](enabled).next_step
    full = replace(enabled, is_unrouted_full=True)
    assert "estão cheios e respondem 429" in CHECKS["webhooks"][1](full).next_step


@pytest.mark.parametrize(
    ("account", "api_status"),
    [
        ("8702", ApiStatus.GOOD),
        ("4010", ApiStatus.REFUSED),
        ("2000", ApiStatus.NOT_THE_API),
        ("5000", ApiStatus.UNAVAILABLE),
    ],
)
def test_probe_is_one_request_that_the_breaker_does_not_count(
    integration: Integration, coinzz: SandboxClient, account: str, api_status: ApiStatus
) -> None:
    set_api_key(integration, coinzz.sandbox.api_key(account))
    with CaptureQueriesContext(connection) as statements:
        inputs = collect.collect(integration)
    assert inputs.probe.status == api_status
    assert inputs.probe.clock_ahead is not None
    assert abs(inputs.probe.clock_ahead) < 10 * timedelta(seconds=1)
    assert breaker_for(COINZZ).state().failures == 0
    assert len(statements) == 6


def test_full_urls_without_a_token_are_found(
    integration: Integration, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOK_WITHOUT_TOKEN = True
    assert not collect.collect(integration).is_unrouted_full
    monkeypatch.setattr(without_token, "MAX_EVENTS", 0)
    assert collect.collect(integration).is_unrouted_full


def test_webhook_mode_checks_webhooks_queue_imports_and_clocks_without_the_api(
    integration: Integration, coinzz: SandboxClient
) -> None:
    integration.sync_cursor, integration.last_sync_status = NOW - 30 * DAY, "error"
    integration.status = IntegrationStatus.ERROR
    integration.save()
    heartbeat.record("inbox")
    make_event(integration, state=EventState.DONE)
    stop_syncs(integration)
    SalesImport.objects.create(integration=integration, state=ImportState.SUCCEEDED, errors=3)

    inputs = collect.collect(integration)

    severities = {name: result.severity for name, _, result in run_checks(inputs)}
    assert severities == {"webhooks": G, "recusados": G, "fila": G, "importacoes": Y, "relogios": G}
    assert inputs.last_import is not None
    assert inputs.last_import.errors == 3
    assert coinzz.control("GET", "stats")["accounts"] == {}


def test_missing_webhooks_are_imported_from_a_file_in_webhook_mode() -> None:
    silent = replace(WEBHOOKS_ONLY, last_webhook_at=None)
    assert CHECKS["webhooks"][1](silent).customer_message.endswith(
        "As vendas que faltarem entram por um arquivo, em Importar vendas."
    )


def test_api_mode_checks_everything_else() -> None:
    names = [name for name, _, _ in run_checks(WELL)]
    assert names == ["chave", "api", "webhooks", "recusados", "fila", "sincronizacao", "relogios"]


def test_diagnosis_does_not_wait_for_a_hanging_api(
    integration: Integration, coinzz: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "DIAGNOSTIC_SECONDS", 0.6)
    monkeypatch.setattr(collect, "TIMEOUT_SECONDS", 0.1)
    set_api_key(integration, coinzz.sandbox.api_key("6000"))
    started = time.monotonic()
    assert collect.collect(integration).probe.status == ApiStatus.UNAVAILABLE
    assert time.monotonic() - started < 30


def test_no_probe_while_the_circuit_is_open(
    integration: Integration, coinzz: SandboxClient
) -> None:
    for _ in range(5):
        breaker_for(COINZZ).failed()
    inputs = collect.collect(integration)
    assert inputs.probe.status == ApiStatus.CIRCUIT_OPEN
    assert coinzz.control("GET", "stats")["accounts"] == {}


def test_missing_key_and_unreadable_key_are_distinguished(integration: Integration) -> None:
    last = "1" if integration.api_key.endswith("0") else "0"
    integration.api_key = integration.api_key[:-1] + last
    assert collect.collect(integration).probe.status == ApiStatus.UNREADABLE_KEY
    integration.api_key = ""
    assert collect.collect(integration).probe.status == ApiStatus.NO_KEY


def test_inputs_are_read_from_the_database_and_heartbeats(integration: Integration) -> None:
    assert not collect.collect(integration).has_workers
    heartbeat.record("inbox")
    WebhookBaseline.objects.create(
        integration=integration, hourly_rates=list(BUSY), updated_at=timezone.now()
    )
    make_event(integration, state=EventState.QUARANTINED)
    waiting = make_event(integration)
    inputs = collect.collect(integration)
    assert (inputs.has_workers, inputs.quarantined, inputs.hourly_rates) == (True, 1, list(BUSY))
    assert inputs.last_webhook_at == inputs.due_since == stored(waiting).received_at
    assert abs(inputs.database_ahead) < timedelta(minutes=1)
    pause(integration)
    assert collect.collect(integration).due_since is None


def test_clock_difference_of_an_hour_is_red(integration: Integration) -> None:
    with travel(timezone.now() + HOUR):
        inputs = collect.collect(integration)
    assert CHECKS["relogios"][1](inputs).severity == Severity.RED


def set_api_key(integration: Integration, key: str) -> None:
    field_encryption.encrypt(integration, "api_key", key)
    integration.save()


def stored(event: WebhookEvent) -> WebhookEvent:
    event.refresh_from_db()
    return event
