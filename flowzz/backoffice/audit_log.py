"""The audit log: which staff member did what, to which row, when and why. Append-only.

The details of an entry are values by labels in Portuguese. A value is plain, or from `change` or
`reference`, which the log's pages show as before and after, and as a link with the row's name.
"""

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import localtime

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
NOTE: Final = "Anotou"
"""The action of a note about a row, whose text is the reason."""
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


def change(before: object, after: object) -> dict[str, Any]:
    """Return a detail that has changed; of several values only those that came or left."""
    if isinstance(before, list) and isinstance(after, list):
        kept = set(before).intersection(after)
        before = [value for value in before if value not in kept]
        after = [value for value in after if value not in kept]
    return {"before": before, "after": after}


def reference(row: Model) -> dict[str, Any]:
    """Return a detail that is another row: a page shows its name of today, or this label."""
    return {"model": row._meta.label_lower, "id": str(row.pk), "label": target_label(row)}


def form_changes(form: forms.BaseForm, names: Collection[str] | None = None) -> dict[str, Any]:
    """Return the changes of a form, or of some of its fields, as details.

    Of texts that may be personal they only say that they have changed.
    """
    model = getattr(getattr(form, "_meta", None), "model", None)
    is_impersonal = model is not None and model._meta.label_lower in IMPERSONAL
    changes: dict[str, Any] = {}
    for name in form.changed_data if names is None else names:
        field = form.fields.get(name)
        label = str(field.label or name) if field else "Senha"
        if field is None or not (is_impersonal or _has_choices(field)):
            changes[label] = "alterado"
        else:
            values = form.get_initial_for_field(field, name), form.cleaned_data.get(name)
            changes[label] = change(*(_in_words(field, value) for value in values))
    return changes


def _has_choices(field: forms.Field) -> bool:
    """Return whether a person ticked or chose the value, and typed nothing."""
    return isinstance(field, forms.BooleanField | forms.ChoiceField)


def _in_words(field: forms.Field, value: Any) -> Any:
    if isinstance(value, bool):
        return "sim" if value else "não"
    if isinstance(value, datetime):
        return f"{localtime(value):%d/%m/%Y %H:%M}"
    if isinstance(field, forms.ModelChoiceField):
        if isinstance(value, Iterable) and not isinstance(value, str):
            return sorted(field.label_from_instance(row) for row in value)
        rows: Any = field.queryset
        row = value if isinstance(value, Model) else rows.filter(pk=value).first()
        return field.label_from_instance(row) if row else ""
    if isinstance(field, forms.ChoiceField):
        choices: Any = field.choices
        return str(dict(choices).get(value, value))
    return "" if value is None else str(value)


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


def notes_about(row: Model) -> "QuerySet[StaffAction]":
    """Return what staff noted about a row, the newest first."""
    notes = StaffAction.objects.filter(
        content_type=ContentType.objects.get_for_model(row), target_id=str(row.pk), action=NOTE
    )
    return notes.select_related("actor").defer("details").order_by("-created_at", "-id")


def validate_reason(text: str) -> str:
    """Return the reason stripped; raises ValidationError for an e-mail or a long number."""
    if _PERSONAL.search(text):
        raise ValidationError(
            "Não escreva aqui dados da pessoa (e-mail, documento, telefone): o registro fica "
            "para sempre. Use o número do atendimento."
        )
    return text.strip()
