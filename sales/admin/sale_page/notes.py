"""Staff note something about a sale; the note is an entry of the sale's timeline."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from flowzz.backoffice.confirm_with_reason import take_note
from flowzz.backoffice.extensions import row_action
from sales.admin.sales import SaleAdmin
from sales.models import Sale


@row_action(SaleAdmin, "Anotar", path="anotar", icon="sticky_note_2", permission="sales.view_sale")
def add_note(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    return take_note(request, get_object_or_404(Sale, id=object_id))
