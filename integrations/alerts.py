"""Alerts: opened once, mailed at both ends, resolved by themselves."""

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from integrations.models import Alert, AlertKind, Integration, IntegrationStatus
from integrations.providers import PROVIDERS


def open_alert(integration: Integration, kind: AlertKind, message: str) -> None:
    """Open an alert, unless one of its kind is open already."""
    alert = Alert(integration=integration, kind=kind, message=message)
    if Alert.objects.bulk_create([alert], ignore_conflicts=True) and (
        Alert.objects.filter(id=alert.id).exists()
    ):
        _mail(integration, kind, f"Atenção: {kind.label}", message)


def resolve(integration: Integration, *kinds: AlertKind) -> None:
    """Close the open alerts of these kinds, if there are any."""
    for alert in Alert.objects.filter(integration=integration, kind__in=kinds, resolved_at=None):
        alert.resolved_at = timezone.now()
        alert.save(update_fields=["resolved_at"])
        kind = AlertKind(alert.kind)
        _mail(integration, kind, f"Resolvido: {kind.label}", "O problema foi resolvido.")


def remind_of_old_keys() -> int:
    """Remind the owners of keys older than the setting allows; return how many are."""
    old = Integration.objects.filter(
        status=IntegrationStatus.CONNECTED,
        api_key_set_at__lt=timezone.now() - settings.API_KEY_MAX_AGE,
    ).select_related("user")
    for integration in old:
        label = PROVIDERS[integration.provider].label
        open_alert(
            integration,
            AlertKind.KEY_OLD,
            f"A chave de API do {label} tem mais de {settings.API_KEY_MAX_AGE.days} dias. "
            f"Crie uma nova no {label} em Configurações → API e conecte de novo com ela; "
            "nada mais muda.",
        )
    return len(old)


def _mail(integration: Integration, kind: AlertKind, subject: str, message: str) -> None:
    label = PROVIDERS[integration.provider].label
    recipients = [integration.user.email, *settings.ALERT_EMAILS]
    transaction.on_commit(
        lambda: [
            send_mail(f"[Flowzz] {label}: {subject}", message, None, [to], fail_silently=True)
            for to in recipients
        ]
    )
