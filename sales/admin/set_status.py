"""Set a sale's status by hand, with a reason: it stays until the source reports another one."""

import uuid
from typing import Final

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget

from flowzz.accounts.models import User, request_user
from flowzz.backoffice import audit_log
from flowzz.backoffice.confirm_with_reason import ReasonForm, render_confirmation
from flowzz.backoffice.display import change_url
from flowzz.backoffice.extensions import DetailAction, PageExtension, extend
from flowzz.core.db.locks import lock_user
from sales.models import Origin, Sale
from sales.recording import ChangeSource, SaleBatch
from sales.statuses import SaleStatus, SaleStatusField, ShippingStatus

SET_STATUS: Final = "sales.set_sale_status"


class StatusForm(ReasonForm):
    status = forms.ChoiceField(
        label="Situação", choices=SaleStatus.choices, widget=UnfoldAdminSelectWidget
    )
    shipping_status = forms.ChoiceField(
        label="Entrega", choices=ShippingStatus.choices, widget=UnfoldAdminSelectWidget
    )
    field_order = ("status", "shipping_status", "reason")


def set_status(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Ask for the statuses and a reason, then set those that differ."""
    sale = get_object_or_404(Sale, id=object_id)
    current = {field.value: getattr(sale, field) for field in SaleStatusField}
    form = StatusForm(request.POST or None, initial=current)
    if not form.is_valid():
        return render_confirmation(
            request,
            form,
            about=sale,
            title="Definir a situação",
            text="Vale até a origem informar outra situação. Os números mudam na hora.",
            button="Definir",
            back=change_url(sale),
        )
    statuses = {field: form.cleaned_data[field] for field in SaleStatusField}
    _set_statuses(sale, statuses, by=request_user(request))
    reason = form.cleaned_data["reason"]
    details = {field.label: status for field, status in statuses.items()}
    audit_log.record(request, "Definiu situação da venda", sale, reason=reason, details=details)
    messages.success(request, "Situação definida.")
    return redirect(change_url(sale))


def _set_statuses(sale: Sale, statuses: dict[SaleStatusField, str], *, by: User) -> None:
    with transaction.atomic():
        lock_user(sale.user_id)
        batch = SaleBatch.load(sale.user_id, sale.source, [sale.external_id])
        found = batch.get(sale.external_id)
        assert found
        source = ChangeSource(observed_at=timezone.now(), origin=Origin.PERSON, origin_id=by.id)
        for field, status in statuses.items():
            if getattr(found, field) != status:
                batch.set_status(found, field, status, source)
        batch.save()


extend(
    Sale,
    PageExtension(
        actions=[
            DetailAction(
                name="set_status",
                label="Definir situação",
                path="situacao",
                icon="edit_note",
                permission=SET_STATUS,
                view=set_status,
            )
        ]
    ),
)
