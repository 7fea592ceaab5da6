"""Set a sale's status by hand, with a reason: it stays until the source reports another one."""

import uuid

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from flowzz.accounts.models import User, request_user
from flowzz.backoffice import audit_log
from flowzz.backoffice.confirm_with_reason import Done, ReasonForm, confirm
from flowzz.backoffice.extensions import row_action
from flowzz.core.db.locks import lock_user
from sales.admin.sales import SaleAdmin
from sales.models import Origin, Sale
from sales.recording import ChangeSource, SaleBatch
from sales.statuses import SaleStatus, SaleStatusField, ShippingStatus


class StatusForm(ReasonForm):
    status = forms.ChoiceField(label="Status", choices=SaleStatus.choices)
    shipping_status = forms.ChoiceField(label="Entrega", choices=ShippingStatus.choices)
    field_order = ("status", "shipping_status", "reason")


@row_action(
    SaleAdmin,
    "Definir status",
    path="situacao",
    icon="edit_note",
    permission="sales.set_sale_status",
)
def set_status(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Ask for the statuses and a reason, then set those that differ."""
    sale = get_object_or_404(Sale, id=object_id)
    current = {field.value: getattr(sale, field) for field in SaleStatusField}
    form = StatusForm(request.POST or None, initial=current)

    def act() -> Done:
        statuses = {field: form.cleaned_data[field] for field in SaleStatusField}
        details = audit_log.form_changes(form, SaleStatusField.values)
        set_statuses(sale, statuses, by=request_user(request))
        return Done("Definiu o status da venda", "Status definido.", sale, details)

    return confirm(
        request,
        form,
        act,
        about=sale,
        title="Definir o status",
        text="Vale até a origem informar outro status. Os números mudam na hora.",
        button="Definir",
    )


def set_statuses(sale: Sale, statuses: dict[SaleStatusField, str], *, by: User) -> None:
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
