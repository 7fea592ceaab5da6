"""The audit log: which staff member did what, to which row, when and why. Append-only."""

import re
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from flowzz.accounts.models import StaffAction, User
from flowzz.core.api.throttling import client_ip

# Models whose rows have names without personal data; all others are logged by their id.
IMPERSONAL = {
    "core.setting",
    "auth.group",
    "django_celery_beat.crontabschedule",
    "django_celery_beat.intervalschedule",
    "django_celery_beat.periodictask",
    "integrations.alert",
    "integrations.syncrun",
    "integrations.statusmapping",
    "integrations.webhookevent",
    "sales.export",
    "sales.sale",
    "sales.subscription",
}
_PERSONAL = re.compile(r"\S@\S|\d(?:[\s().+/-]*\d){9}")


def record(
    request_or_user: HttpRequest | User,
    action: str,
    target: Model | None,
    *,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> StaffAction:
    """Add an entry; `action` is shown to staff ("Reprocessou eventos"), without personal data.

    A background task passes the user who requested it. An action on many rows is one entry
    without a target, with their number in `details`.
    """
    request = request_or_user if isinstance(request_or_user, HttpRequest) else None
    actor = request.user if request else request_or_user
    return StaffAction.objects.create(
        actor=actor if isinstance(actor, User) else None,
        action=action[:100],
        content_type=ContentType.objects.get_for_model(target) if target else None,
        target_id=str(target.pk) if target else "",
        target_label=target_label(target) if target else "",
        reason=reason,
        details=details or {},
        ip_address=client_ip(request)[:64] if request else "",
    )


def target_label(target: Model) -> str:
    """Return the row's name in the log: "venda ordabc", "cliente 0193f3a2-…"."""
    is_impersonal = target._meta.label_lower in IMPERSONAL
    name = str(target) if is_impersonal else str(target.pk)
    return f"{target._meta.verbose_name} {name}"[:200]


def log_url(model: type[Model], target_id: object) -> str:
    """Return the URL of the log's entries about one row."""
    content_type = str(ContentType.objects.get_for_model(model).pk)
    query = urlencode({"content_type__id__exact": content_type, "target_id__exact": str(target_id)})
    return f"{reverse('admin:accounts_staffaction_changelist')}?{query}"


def validate_reason(text: str) -> str:
    """Return the reason stripped; raises ValidationError for an e-mail or a long number."""
    if _PERSONAL.search(text):
        raise ValidationError(
            "Não escreva aqui dados da pessoa (e-mail, documento, telefone): o registro fica "
            "para sempre. Use o número do atendimento."
        )
    return text.strip()
