"""Each rule opens its alert, and resolves it once the cause is over."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from flowzz.accounts.models import User
from flowzz.core import redis
from flowzz.core.db.jobs import JobState
from integrations.connection import connect, resume
from integrations.inbox import replay
from integrations.models import (
    NOTICES,
    Alert,
    AlertKind,
    Integration,
    RefusalReason,
    SyncRun,
    Trigger,
    WebhookBaseline,
    WebhookEvent,
    WebhookRefusal,
)
from integrations.monitoring import alert_mails, alert_rules, alerts
from integrations.monitoring.alerts import Message, Violations
from integrations.providers.coinzz import COINZZ
from integrations.sync import runs
from integrations.sync.breaker import CircuitBreaker
from tests import payloads
from tests.factories import IntegrationFactory, SyncRunFactory
from tests.integrations.sellers import Seller
from tests.sandbox.client import SandboxClient

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def seller() -> Seller:
    """A seller whose integration has just synced."""
    seller = Seller()
    change(seller.integration, sync_cursor=timezone.now(), last_sync_status="success")
    return seller


def ago(span: timedelta) -> datetime:
    return timezone.now() - span


def change(integration: Integration, **fields: Any) -> None:
    Integration.objects.filter(id=integration.id).update(**fields)


def open_kinds() -> list[str]:
    alert_rules.evaluate_alert_rules()
    return list(Alert.objects.filter(resolved_at=None).values_list("kind", flat=True))


def test_healthy_integration_has_no_alert(seller: Seller) -> None:
    seller.process(payloads.order())
    assert open_kinds() == []
    assert Alert.objects.count() == 0


def test_sync_is_not_late_while_the_first_one_after_a_pause_is_under_way(seller: Seller) -> None:
    change(seller.integration, connected_at=ago(30 * DAY), sync_cursor=ago(3 * DAY))
    change(seller.integration, api_key_set_at=ago(30 * DAY), paused_at=ago(3 * DAY))
    assert open_kinds() == []
    seller.integration.refresh_from_db()
    resume(seller.integration)
    assert open_kinds() == []

    run = SyncRun.objects.get()
    SyncRun.objects.update(created_at=ago(DAY + MINUTE))
    assert open_kinds() == [AlertKind.SYNC_LATE]
    SyncRun.objects.update(created_at=ago(MINUTE))
    SyncRunFactory.create(
        integration=run.integration, state=JobState.FAILED, finished_at=timezone.now()
    )
    assert open_kinds() == [AlertKind.SYNC_LATE]


def test_sync_late_until_a_sync_succeeds(seller: Seller) -> None:
    change(
        seller.integration,
        connected_at=ago(30 * DAY),
        sync_cursor=ago(DAY + MINUTE),
        last_sync_at=ago(MINUTE),
        last_sync_status="error",
    )
    assert open_kinds() == [AlertKind.SYNC_LATE]
    change(seller.integration, sync_cursor=timezone.now())
    assert open_kinds() == []


def test_never_synced_counts_from_the_connection(seller: Seller) -> None:
    change(seller.integration, sync_cursor=None, connected_at=ago(DAY - MINUTE))
    assert open_kinds() == []
    change(seller.integration, connected_at=ago(DAY + MINUTE))
    assert open_kinds() == [AlertKind.SYNC_LATE]


def test_nothing_about_keys_and_syncs_is_an_alert_in_webhook_mode(seller: Seller) -> None:
    for minutes in range(3):
        SyncRunFactory.create(
            integration=seller.integration, state=JobState.FAILED, finished_at=ago(minutes * MINUTE)
        )
    wrong = {"connected_at": ago(200 * DAY), "api_key_set_at": ago(200 * DAY)}
    change(seller.integration, sync_cursor=ago(3 * DAY), last_sync_status="error", **wrong)
    IntegrationFactory.create(status="ERROR")
    sync_alerts = [AlertKind.SYNC_LATE, AlertKind.SYNC_FAILING, AlertKind.KEY_REFUSED]
    assert {*open_kinds()} == {*sync_alerts, AlertKind.KEY_OLD}

    Integration.objects.update(mode="webhook")

    assert open_kinds() == []


def test_api_that_is_off_has_no_alert_and_a_day_for_its_next_syncs(
    seller: Seller, settings: Settings
) -> None:
    change(seller.integration, connected_at=ago(9 * DAY), sync_cursor=ago(9 * DAY))
    settings.COINZZ_API_ENABLED = False
    assert open_kinds() == []
    settings.COINZZ_API_ENABLED = True
    assert open_kinds() == []

    assert 86_390 < float(str(redis.client().ttl("flowzz:api-off:coinzz"))) <= 86_400
    redis.client().delete("flowzz:api-off:coinzz")
    assert open_kinds() == [AlertKind.SYNC_LATE]


def test_disconnected_integration_has_no_alert_but_that_of_its_dead_letters(seller: Seller) -> None:
    seller.process(b"no json")
    change(seller.integration, connected_at=ago(9 * DAY), sync_cursor=None, status="DISCONNECTED")
    assert open_kinds() == [AlertKind.DEAD_LETTERS]


def test_three_failed_syncs_in_a_row_until_one_succeeds(
    integration: Integration, coinzz: SandboxClient
) -> None:
    run = {"integration": integration, "trigger": Trigger.SCHEDULE}
    for minutes in (90, 60):
        SyncRunFactory.create(**run, state=JobState.FAILED, finished_at=ago(minutes * MINUTE))
    SyncRunFactory.create(**run, state=JobState.CANCELLED, finished_at=ago(MINUTE))
    change(integration, last_sync_status="error", last_sync_error="A API respondeu 500.")
    assert open_kinds() == []

    SyncRunFactory.create(**run, state=JobState.FAILED, finished_at=ago(30 * MINUTE))
    assert open_kinds() == [AlertKind.SYNC_FAILING]
    assert "A API respondeu 500." in Alert.objects.get().message

    runs.execute(runs.request_run(integration, Trigger.USER).id)
    assert open_kinds() == []


def test_sync_that_ends_its_workers_until_one_succeeds(
    integration: Integration, coinzz: SandboxClient
) -> None:
    SyncRunFactory.create(
        integration=integration,
        state=JobState.FAILED,
        error_code=runs.WorkerLost.code,
        finished_at=ago(MINUTE),
    )
    change(integration, last_sync_status="error", last_sync_error="O processo terminou.")
    assert open_kinds() == [AlertKind.SYNC_FAILING]
    alert = Alert.objects.get()
    assert "O processo terminou." in alert.message
    assert "três" not in f"{alert.get_kind_display()} {alert.message}".lower()  # it was one

    runs.execute(runs.request_run(integration, Trigger.USER).id)
    assert open_kinds() == []


def test_refused_key_until_a_valid_one_is_connected(
    integration: Integration, coinzz: SandboxClient
) -> None:
    change(integration, status="ERROR", last_sync_error="API key inválida.")
    assert open_kinds() == [AlertKind.KEY_REFUSED]
    assert Alert.objects.get().message == (
        "API key inválida. Peça a quem vende que conecte de novo com uma chave válida; "
        "até lá nenhuma sincronização é feita."
    )
    assert Alert.objects.get().seller_message == (
        "API key inválida. Conecte a integração de novo com uma chave válida; "
        "até lá nenhuma sincronização é feita."
    )

    connect(user_id=integration.user_id, provider=COINZZ, api_key=coinzz.sandbox.api_key())
    assert Alert.objects.filter(resolved_at=None).count() == 0
    assert open_kinds() == []


def test_old_key_until_it_is_renewed(integration: Integration, coinzz: SandboxClient) -> None:
    change(integration, api_key_set_at=ago(181 * DAY), sync_cursor=timezone.now())
    assert open_kinds() == [AlertKind.KEY_OLD]
    assert "mais de 180 dias" in Alert.objects.get().message

    connect(user_id=integration.user_id, provider=COINZZ, api_key=coinzz.sandbox.api_key())
    assert Alert.objects.filter(resolved_at=None).count() == 0
    assert open_kinds() == []


def test_open_circuit_after_ten_minutes_until_a_probe_succeeds(db: None) -> None:
    breaker = CircuitBreaker(redis.client(), COINZZ)
    for _ in range(5):
        breaker.failed()
    assert open_kinds() == []

    eleven = int((timezone.now() - 11 * MINUTE).timestamp() * 1000)
    redis.client().hset(f"flowzz:breaker:{COINZZ}", "opened_at", eleven)
    redis.client().hset(f"flowzz:breaker:{COINZZ}", "next_probe_at", eleven)
    assert open_kinds() == [AlertKind.CIRCUIT_OPEN]
    assert Alert.objects.get().integration is None

    breaker.before_call()
    breaker.succeeded()
    assert open_kinds() == []


def test_dead_letters_until_none_is_left(seller: Seller) -> None:
    seller.process(b"no json", b"nor this")
    assert open_kinds() == [AlertKind.DEAD_LETTERS]
    assert Alert.objects.get().message.startswith("2 eventos em quarentena")

    replay.discard(WebhookEvent.objects.all(), "Teste.")
    assert open_kinds() == []


def test_dead_letters_without_an_integration_are_one_alert_for_staff(seller: Seller) -> None:
    seller.process(b"no json")
    WebhookEvent.objects.update(integration=None)
    assert open_kinds() == [AlertKind.DEAD_LETTERS]
    assert Alert.objects.get().integration is None


def test_late_queue_until_it_is_drained(seller: Seller) -> None:
    seller.receive(payloads.order(), received_at=ago(4 * MINUTE))
    assert open_kinds() == []
    seller.receive(payloads.order("ordyyyyy"), received_at=ago(6 * MINUTE))
    assert open_kinds() == [AlertKind.QUEUE_LATE]
    seller.drain()
    assert open_kinds() == []


def test_queue_is_not_late_while_an_event_waits_for_its_next_attempt(seller: Seller) -> None:
    seller.receive(payloads.order(), received_at=ago(HOUR))
    WebhookEvent.objects.update(state="RETRY", next_attempt_at=timezone.now() + MINUTE)
    assert open_kinds() == []
    WebhookEvent.objects.update(next_attempt_at=ago(6 * MINUTE))
    assert open_kinds() == [AlertKind.QUEUE_LATE]


def test_replay_of_an_old_event_is_not_late(seller: Seller) -> None:
    seller.process(payloads.order(), received_at=ago(30 * DAY))
    replay.replay(WebhookEvent.objects.all())
    assert open_kinds() == []


def test_silence_until_a_webhook_comes(seller: Seller) -> None:
    WebhookBaseline.objects.create(
        integration=seller.integration, hourly_rates=[6.0] * 168, updated_at=timezone.now()
    )
    seller.process(payloads.order(), received_at=ago(2 * HOUR))
    assert open_kinds() == []

    change(seller.integration, last_webhook_at=ago(3 * HOUR))
    assert open_kinds() == [AlertKind.SILENCE]
    assert "Confira no Coinzz se o postback está ativo" in Alert.objects.get().seller_message

    seller.receive(payloads.order("ordyyyyy"))
    assert open_kinds() == []


def test_refused_webhooks_until_an_hour_without_many(seller: Seller) -> None:
    minute, reason = timezone.now(), RefusalReason.SIGNATURE
    row = WebhookRefusal.objects.create(
        integration=seller.integration, minute=minute, reason=reason, count=4, bytes=8
    )
    assert open_kinds() == []
    WebhookRefusal.objects.update(count=5)
    assert open_kinds() == [AlertKind.WEBHOOKS_REFUSED]
    message = "Na última hora, 5 webhooks recusados: 5 por assinatura ausente ou inválida."
    assert Alert.objects.get().message.startswith(message)
    assert Alert.objects.get().seller_message.startswith(message)

    row.minute = ago(61 * MINUTE)
    row.save()
    assert open_kinds() == []


def test_rule_that_fails_does_not_stop_the_others(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> alerts.Violations:
        raise ZeroDivisionError

    monkeypatch.setitem(alert_rules.RULES, AlertKind.SYNC_LATE, fail)
    seller.process(b"no json")
    assert open_kinds() == [AlertKind.DEAD_LETTERS]


def test_every_kind_of_alert_has_a_rule() -> None:
    assert set(alert_rules.RULES) == set(AlertKind) - set(NOTICES)


def test_alert_and_its_end_are_mailed_to_owner_and_staff(
    seller: Seller, settings: Settings
) -> None:
    seller.receive(payloads.order(), received_at=ago(6 * MINUTE))
    open_kinds()
    alert_mails.send_pending()
    seller.drain()
    open_kinds()
    alert_mails.send_pending()
    assert [(message.to, message.subject) for message in mail.outbox] == [
        ([address], f"[Flowzz] {prefix}: Fila atrasada (Coinzz)")
        for prefix in ("Atenção", "Resolvido")
        for address in (seller.email, *settings.ALERT_EMAILS)
    ]


def create_violations(count: int) -> None:
    """Create integrations that violate every rule about integrations."""
    first = User.objects.count()
    for number in range(first, first + count):
        seller = Seller(email=f"vendedora{number}@flowzz.test")
        seller.process(b"no json")
        seller.receive(payloads.order(), received_at=ago(HOUR))
        for minutes in range(3):
            SyncRunFactory.create(
                integration=seller.integration,
                state=JobState.FAILED,
                finished_at=ago(minutes * MINUTE),
            )
        change(
            seller.integration,
            connected_at=ago(200 * DAY),
            api_key_set_at=ago(200 * DAY),
            last_sync_status="error",
        )
        WebhookRefusal.objects.create(
            integration=seller.integration,
            minute=ago(MINUTE),
            reason=RefusalReason.TOO_LARGE,
            count=9,
            bytes=9,
        )
    IntegrationFactory.create_batch(count, status="ERROR")
    silent = IntegrationFactory.create_batch(count, last_webhook_at=ago(DAY))
    WebhookBaseline.objects.bulk_create(
        WebhookBaseline(integration=row, hourly_rates=[6.0] * 168, updated_at=timezone.now())
        for row in silent
    )


def test_statements_do_not_grow_with_integrations() -> None:
    numbers = []
    for count in (1, 4):
        create_violations(count)
        with CaptureQueriesContext(connection) as statements:
            assert set(open_kinds()) == {*alert_rules.RULES} - {AlertKind.CIRCUIT_OPEN}
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]


def test_alert_that_another_worker_opens_meanwhile_stays_open(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_before_the_key_is_refused() -> Violations:
        alerts.reconcile(AlertKind.KEY_REFUSED, {seller.integration.id: Message("Recusada.")})
        return {}

    monkeypatch.setitem(alert_rules.RULES, AlertKind.KEY_REFUSED, look_before_the_key_is_refused)
    alert_rules.evaluate_alert_rule(AlertKind.KEY_REFUSED)

    assert Alert.objects.get().resolved_at is None
