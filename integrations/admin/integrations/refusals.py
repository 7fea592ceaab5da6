"""The list of refused webhooks: when and why, never their content."""

from django.contrib import admin
from django.template.defaultfilters import filesizeformat

from flowzz.backoffice.base_admin import ReadOnlyAdmin
from flowzz.backoffice.display import badge_column, short_datetime
from integrations.admin.owner_column import owner_column
from integrations.models import RefusalReason, WebhookRefusal

REASON_COLOURS = dict.fromkeys(RefusalReason, "danger") | {RefusalReason.OBSERVED: "warning"}


@admin.register(WebhookRefusal)
class WebhookRefusalAdmin(ReadOnlyAdmin):
    list_display = ("received", "owner", "reason_badge", "count", "average_size")
    list_filter = ("reason",)
    linked_lookups = ("integration__id__exact", "minute__gte", "minute__lt")
    list_select_related = ("integration__user",)
    ordering = ("-minute", "-id")
    fields = ("integration", "received", "reason", ("count", "average_size"))
    readonly_fields = ("received", "average_size")

    owner = owner_column()
    reason_badge = badge_column("reason", "motivo", REASON_COLOURS)

    @admin.display(description="minuto", ordering="minute")
    def received(self, refusal: WebhookRefusal) -> str:
        return short_datetime(refusal.minute)

    @admin.display(description="tamanho (média)")
    def average_size(self, refusal: WebhookRefusal) -> str:
        return filesizeformat(refusal.bytes / refusal.count)
