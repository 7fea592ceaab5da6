"""Set a sale's status by hand, with a reason: it stays until the source reports another one."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from flowzz.accounts.models import User
from flowzz.backoffice import audit_log
from flowzz.backoffice.confirm_with_reason import ReasonForm, render_confirmation
from flowzz.backoffice.display import change_url
from flowzz.backoffice.extensions import row_action
from flowzz.backoffice.forms.shown_values import ShownValuesForm
from flowzz.core.db.locks import lock_user
from sales.admin.sales import SaleAdmin
from sales.models import ChangeSource, Origin, Sale
from sales.recording import SaleBatch
from sales.statuses import SaleStatus, SaleStatusField, ShippingStatus

LOG_TEXT = "Definiu o status da venda"


class StatusForm(ShownValuesForm, ReasonForm):
    """Both statuses; one that the person left as it was shown is not set."""

    status = forms.ChoiceField(label="Status", choices=SaleStatus.choices)
    shipping_status = forms.ChoiceField(label="Entrega", choices=ShippingStatus.choices)
    field_order = ("status", "shipping_status", "reason")

    def clean(self) -> dict[str, Any]:
        if not self.changed_statuses:
            raise forms.ValidationError("A venda já está assim: escolha outro status.")
        return self.cleaned_data

    @property
    def changed_statuses(self) -> list[SaleStatusField]:
        """Return the fields that the person changed, and that the sale does not have already."""
        chosen = self.cleaned_data
        return [
            field
            for field in SaleStatusField
            if field in self.changed_data and chosen.get(field) != self.initial[field]
        ]


@row_action(
    SaleAdmin,
    "Definir status",
    path="situacao",
    icon="edit_note",
    permission="sales.set_sale_status",
)
def set_status(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Ask for the statuses and a reason, then set those that were changed."""
    sale = get_object_or_404(Sale, id=object_id)
    current = {field.value: getattr(sale, field) for field in SaleStatusField}
    form = StatusForm(request.POST or None, initial=current)
    if form.is_valid():
        changed, reason = form.changed_statuses, form.cleaned_data["reason"]
        statuses = {field: form.cleaned_data[field] for field in changed}
        details = audit_log.form_changes(form, changed)
        set_statuses(sale, statuses, by=request, reason=reason, details=details)
        messages.success(request, "Status definido.")
        return redirect(change_url(sale))
    return render_confirmation(
        request,
        form,
        about=sale,
        title="Definir o status",
        text="Vale até a origem informar outro status. Os números mudam na hora.",
        button="Definir",
        back=change_url(sale),
    )


def set_statuses(
    sale: Sale,
    statuses: dict[SaleStatusField, str],
    *,
    by: HttpRequest | User,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Log the action and set the statuses at its time; it is their origin in the history."""
    with transaction.atomic():
        lock_user(sale.user_id)
        action = audit_log.record(by, LOG_TEXT, sale, reason=reason, details=details)
        batch = SaleBatch.load(sale.user_id, sale.source, [sale.external_id])
        found = batch.get(sale.external_id)
        assert found
        source = ChangeSource(
            observed_at=action.created_at, origin=Origin.PERSON, origin_id=action.id
        )
        for field, status in statuses.items():
            if getattr(found, field) != status:
                batch.set_status(found, field, status, source)
        batch.save()
