"""A sale's page with its timeline, of all that webhooks, syncs, imports and staff did to it."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from flowzz.backoffice import masking
from integrations.admin.timeline_sources import sources_of
from integrations.providers.registry import PROVIDERS
from sales.admin.sale import CAMPAIGN, SalePage, figures_of
from sales.admin.timeline import View, timeline_of
from sales.models import Sale

END = datetime.max.replace(tzinfo=UTC)

admin.site.unregister(Sale)


@admin.register(Sale)
class SaleTimelinePage(SalePage):
    change_form_outer_before_template = "sales/sale.html"

    def hide(self, row: Sale) -> None:
        """Of the other data, what names nobody is shown, by the names of its source's fields."""
        if provider := PROVIDERS.get(row.source):
            shown = provider.open_fields.union(CAMPAIGN)
            row.metadata = masking.payload(row.metadata, provider.personal, shown)
        else:
            super().hide(row)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        sale = self.get_object(request, object_id)
        shown = {}
        if isinstance(sale, Sale) and self.has_view_permission(request):
            before = _moment(request.GET.get("antes", ""))
            view = View(sale, before or END, request)
            timeline = timeline_of(sources_of(view))
            shown = {"figures": figures_of(sale), "timeline": timeline, "before": before}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | shown)


def _moment(text: str) -> datetime | None:
    """None for what is no moment."""
    with suppress(ValueError):
        moment = parse_datetime(text)
        return moment if moment and timezone.is_aware(moment) else None
    return None
