"""The guided check: every light of every check, and what is asked for it."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from time_machine import travel

from flowzz.core import heartbeat
from integrations.connection import pause
from integrations.models import EventState, Integration, WebhookBaseline, WebhookEvent
from integrations.monitoring.diagnosis import CHECKS, collect
from integrations.monitoring.diagnosis.facts import Answer, Facts, Probe, Severity
from integrations.providers.coinzz import COINZZ, adapter
from integrations.secrets import field_encryption
from integrations.sync.breaker import breaker_for
from tests.integrations.admin.rows import make_event
from tests.sandbox.caller import Caller

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WELL_ASKED = Probe(answer=Answer.GOOD, seconds=0.2, ahead=timedelta(seconds=0.4))
WELL = Facts(
    label="Coinzz",
    now=NOW,
    status="CONNECTED",
    connected_at=NOW - 10 * DAY,
    paused_at=None,
    api_key_set_at=NOW - 10 * DAY,
    api_key_max_age=180 * DAY,
    probe=WELL_ASKED,
    last_webhook_at=NOW - HOUR,
    requires_signature=False,
    rates=(),
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
G, Y, R = Severity.GREEN, Severity.YELLOW, Severity.RED


def asked(answer: Answer, **details: Any) -> Facts:
    return replace(WELL, probe=Probe(answer=answer, message="Erro.", **details))


CASES = [
    ("chave", WELL, G, "A chave funciona e foi informada há"),
    ("chave", replace(WELL, api_key_set_at=NOW - 181 * DAY), Y, "A chave funciona, mas"),
    ("chave", asked(Answer.UNAVAILABLE), Y, "Não deu para testar"),
    ("chave", asked(Answer.REFUSED), R, "O Coinzz recusou"),
    ("chave", asked(Answer.NO_KEY), R, "Nenhuma chave"),
    ("chave", asked(Answer.UNREADABLE_KEY), R, "A chave guardada não pode"),
    ("api", WELL, G, "A API respondeu com dados em 0,2 s"),
    ("api", asked(Answer.REFUSED, seconds=0.1), G, "A API respondeu"),
    ("api", asked(Answer.GOOD, seconds=3.5), Y, "A API respondeu, mas demorou 3,5 s"),
    ("api", asked(Answer.CIRCUIT_OPEN), Y, "O Coinzz não foi consultado"),
    ("api", asked(Answer.NO_KEY), Y, "Sem uma chave"),
    ("api", asked(Answer.NOT_THE_API), R, "Erro."),
    ("api", asked(Answer.UNAVAILABLE), R, "Erro."),
    ("webhooks", WELL, G, "O último chegou há 1\xa0hora."),
    ("webhooks", replace(WELL, last_webhook_at=NOW - 8 * DAY), Y, "O último chegou há 1"),
    ("webhooks", replace(WELL, last_webhook_at=None, connected_at=NOW - HOUR), Y, "Nenhum"),
    ("webhooks", replace(WELL, last_webhook_at=None), R, "Nenhum webhook"),
    ("webhooks", replace(WELL, rates=BUSY, last_webhook_at=NOW - 5 * HOUR), R, "O último"),
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
    ("relogios", WELL, G, "Banco de dados: no mesmo horário que o nosso. Coinzz: no mesmo"),
    ("relogios", replace(WELL, database_ahead=-3 * timedelta(seconds=1)), Y, "Banco de dados: 3,0"),
    ("relogios", asked(Answer.UNAVAILABLE), Y, "Banco de dados: no mesmo"),
    ("relogios", replace(WELL, database_ahead=MINUTE), R, "Banco de dados: 60,0 s à frente"),
    ("relogios", asked(Answer.GOOD, ahead=-10 * MINUTE), R, "Banco de dados: no mesmo"),
]


@pytest.mark.parametrize(("check", "facts", "light", "said"), CASES)
def test_each_light_is_shown_for_its_cause_with_a_next_step(
    check: str, facts: Facts, light: Severity, said: str
) -> None:
    finding = CHECKS[check][1](facts)
    assert finding.light == light
    assert finding.said.startswith(said)
    assert bool(finding.next_step) == (light != Severity.GREEN)
    if light == Severity.RED:
        assert finding.customer.startswith("Olá! ")


@pytest.mark.parametrize(
    ("account", "answer"),
    [
        ("8702", Answer.GOOD),
        ("4010", Answer.REFUSED),
        ("2000", Answer.NOT_THE_API),
        ("5000", Answer.UNAVAILABLE),
    ],
)
def test_provider_is_asked_once_and_the_breaker_not_told(
    integration: Integration, coinzz: Caller, account: str, answer: Answer
) -> None:
    seal(integration, coinzz.sandbox.api_key(account))
    with CaptureQueriesContext(connection) as statements:
        facts = collect.collect(integration)
    assert facts.probe.answer == answer
    assert facts.probe.ahead is not None
    assert abs(facts.probe.ahead) < 10 * timedelta(seconds=1)
    assert breaker_for(COINZZ).state().failures == 0
    assert len(statements) == 6


def test_an_answer_that_does_not_come_is_not_waited_for(
    integration: Integration, coinzz: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "DIAGNOSTIC_SECONDS", 0.6)
    monkeypatch.setattr(collect, "SECONDS", 0.1)
    seal(integration, coinzz.sandbox.api_key("6000"))
    began = time.monotonic()
    assert collect.collect(integration).probe.answer == Answer.UNAVAILABLE
    assert time.monotonic() - began < 30


def test_an_open_circuit_is_respected(integration: Integration, coinzz: Caller) -> None:
    for _ in range(5):
        breaker_for(COINZZ).failed()
    facts = collect.collect(integration)
    assert facts.probe.answer == Answer.CIRCUIT_OPEN
    assert coinzz.control("GET", "stats")["accounts"] == {}


def test_a_key_that_is_missing_or_spoiled_is_told_apart(integration: Integration) -> None:
    integration.api_key = integration.api_key[:-2] + "00"
    assert collect.collect(integration).probe.answer == Answer.UNREADABLE_KEY
    integration.api_key = ""
    assert collect.collect(integration).probe.answer == Answer.NO_KEY


def test_what_waits_and_what_lives_is_seen(integration: Integration) -> None:
    assert not collect.collect(integration).has_workers
    heartbeat.beat("worker")
    WebhookBaseline.objects.create(
        integration=integration, rates=list(BUSY), learned_at=timezone.now()
    )
    make_event(integration, state=EventState.QUARANTINED)
    waiting = make_event(integration)
    facts = collect.collect(integration)
    assert (facts.has_workers, facts.quarantined, facts.rates) == (True, 1, list(BUSY))
    assert facts.last_webhook_at == facts.due_since == stored(waiting).received_at
    assert abs(facts.database_ahead) < timedelta(minutes=1)
    pause(integration)
    assert collect.collect(integration).due_since is None


def test_clocks_that_differ_are_seen(integration: Integration) -> None:
    with travel(timezone.now() + HOUR):
        facts = collect.collect(integration)
    assert CHECKS["relogios"][1](facts).light == Severity.RED


def seal(integration: Integration, key: str) -> None:
    field_encryption.encrypt(integration, "api_key", key)
    integration.save()


def stored(event: WebhookEvent) -> WebhookEvent:
    event.refresh_from_db()
    return event
