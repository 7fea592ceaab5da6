"""The admin of subscriptions, their cycles, and affiliation requests."""

from functools import reduce
from operator import or_
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clients.admin import ClientSearchAdmin
from clients.contacts import format_raw_phone, spellings_of
from flowzz.backoffice import masking
from flowzz.backoffice.base_admin import ReadOnlyAdmin, ReadOnlyInline
from flowzz.backoffice.display import NOTHING, badge, platform_column
from flowzz.backoffice.masked_admin import MaskedAdmin, record_search
from sales.models import AffiliationRequest, Subscription, SubscriptionCycle
from sales.statuses import SubscriptionStatus

SUBSCRIPTION_COLOURS = {
    SubscriptionStatus.ACTIVE: "success",
    SubscriptionStatus.PENDING: "warning",
    SubscriptionStatus.SUSPENDED: "warning",
    SubscriptionStatus.CANCELLED: "danger",
}


class CycleInline(ReadOnlyInline):
    model = SubscriptionCycle
    fields = readonly_fields = ("cycle", "sale", "next_charge_date", "observed_at")
    ordering = ("-cycle",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[SubscriptionCycle]":
        return super().get_queryset(request).select_related("sale")


@admin.register(Subscription)
class SubscriptionAdmin(ClientSearchAdmin):
    masks = {"client__name": masking.mask_name}
    inlines = (CycleInline,)
    list_display = (
        "subscription_hash",
        "product_name",
        "client",
        "status_badge",
        "frequency",
        "cycle",
        "next_charge_date",
        "user",
    )
    list_filter = ("status",)
    exclude = ("source",)
    readonly_fields = ("platform",)
    platform = platform_column("source", "origem")
    list_select_related = ("client", "user")
    search_fields = ("subscription_hash",)
    search_help_text = "Código da assinatura; CPF ou CNPJ, telefone, e-mail ou nome do cliente"
    exact_search_help_text = f"{search_help_text}, inteiros"

    @admin.display(description="status", ordering="status")
    def status_badge(self, subscription: Subscription) -> str:
        if not subscription.is_status_reported:
            return badge("Status não informado", "warning")
        status = SubscriptionStatus(subscription.status)
        return badge(status.label, SUBSCRIPTION_COLOURS[status])


@admin.register(SubscriptionCycle)
class SubscriptionCycleAdmin(ReadOnlyAdmin):
    list_display = ("subscription", "cycle", "sale", "next_charge_date", "observed_at")
    list_select_related = ("subscription", "sale")
    search_fields = ("subscription__subscription_hash__exact", "sale__external_id__exact")
    search_help_text = "Código da assinatura ou número do pedido"


@admin.register(AffiliationRequest)
class AffiliationRequestAdmin(MaskedAdmin):
    masks = {
        "affiliate_name": masking.mask_name,
        "affiliate_email": masking.mask_email,
        "affiliate_phone": masking.mask_phone,
    }
    list_display = (
        *("affiliate_name", "affiliate_email", "phone", "product_name"),
        *("status", "requested_at", "user"),
    )
    list_select_related = ("user",)
    search_fields = ("affiliate_email__iexact", "affiliate_phone__exact", "affiliate_name")
    search_help_text = "Nome, e-mail ou telefone do afiliado"
    exact_search_help_text = f"{search_help_text}, inteiros"
    fields = ("user", *list_display[:-1], "observed_at", "created_at", "updated_at", "platform")
    readonly_fields = ("phone", "platform")
    platform = platform_column("source", "origem")

    @admin.display(description="telefone")
    def phone(self, request: AffiliationRequest) -> SafeString | str:
        phone = format_raw_phone(request.affiliate_phone)
        return format_html('<span class="whitespace-nowrap">{}</span>', phone) if phone else NOTHING

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        """Find a phone in any format; for staff who see the data masked, exact values only."""
        if not (text := search_term.strip()):
            return queryset, False
        by_phone = queryset.filter(affiliate_phone__in=spellings_of(text))
        if masking.can_see_personal_data(request):
            found, _ = super().get_search_results(request, queryset, text)
            return found | by_phone, False
        if not record_search(request):
            return queryset.none(), False
        is_exact = reduce(or_, (Q((f"{name}__iexact", text)) for name in self.masks))
        return queryset.filter(is_exact) | by_phone, False
