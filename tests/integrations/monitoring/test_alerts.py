"""Alerts are opened once for each violation and resolved when it is over."""

import pytest

from integrations.models import Alert, AlertKind, Integration
from integrations.monitoring import alerts
from integrations.monitoring.alerts import Message
from tests.factories import IntegrationFactory

pytestmark = pytest.mark.django_db


def test_alert_opens_once_and_can_open_again_after_its_end(integration: Integration) -> None:
    violations: alerts.Violations = {integration.id: Message("A chave foi recusada.")}
    alerts.reconcile(AlertKind.KEY_REFUSED, violations)
    alerts.reconcile(AlertKind.KEY_REFUSED, violations)
    assert Alert.objects.count() == 1

    alerts.resolve(integration, AlertKind.KEY_REFUSED)
    alerts.reconcile(AlertKind.KEY_REFUSED, violations)

    assert Alert.objects.filter(resolved_at=None).count() == 1
    assert Alert.objects.count() == 2


def test_open_alert_says_what_is_so_now(integration: Integration) -> None:
    for count in (3, 3, 8):
        message = Message(f"{count} eventos em quarentena", "Em análise.")
        alerts.reconcile(AlertKind.DEAD_LETTERS, {integration.id: message})
    alert = Alert.objects.get()
    assert (alert.message, alert.seller_message) == ("8 eventos em quarentena", "Em análise.")


def test_reconcile_opens_new_violations_and_resolves_old_ones(integration: Integration) -> None:
    other = IntegrationFactory.create()
    alerts.reconcile(AlertKind.QUEUE_LATE, {integration.id: Message("Há eventos esperando.")})
    alerts.reconcile(AlertKind.SILENCE, {integration.id: Message("Nenhum webhook.")})

    alerts.reconcile(AlertKind.QUEUE_LATE, {other.id: Message("Há eventos esperando.")})

    assert set(Alert.objects.filter(resolved_at=None).values_list("integration_id", "kind")) == {
        (integration.id, AlertKind.SILENCE),
        (other.id, AlertKind.QUEUE_LATE),
    }
    assert Alert.objects.count() == 3
