"""Unknown status words of providers: their list, and the page that maps a word to a status."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from flowzz.accounts.models import User
from flowzz.backoffice import audit_log
from flowzz.backoffice.base_admin import ReadOnlyAdmin
from flowzz.backoffice.confirm_with_reason import OptionalReasonForm
from flowzz.backoffice.display import NOTHING, change_url, list_url, platform_column
from flowzz.backoffice.lists.filter_fields import empty_filter
from flowzz.core.db.jobs import UNDER_WAY
from integrations.admin.bulk_actions import PERMISSIONS, outcome_figures
from integrations.bulk_actions import bulk_jobs
from integrations.bulk_actions.preview import EXPECTED_LABELS, preview_mapping
from integrations.models import BulkAction, BulkKind, StatusMapping
from integrations.providers.contracts import StatusField
from integrations.status_mappings import usages
from integrations.status_mappings.reprocess import STATUSES

MAX_EXAMPLES = 10
REMOVE = "none"


class MappingForm(OptionalReasonForm):
    """Offers the statuses of the word's field, and the removal of an existing mapping."""

    status = forms.ChoiceField(label="Significado")
    field_order = ("status", "reason")

    def __init__(self, *args: Any, mapping: StatusMapping, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"status": mapping.status}
        field = self.fields["status"]
        assert isinstance(field, forms.ChoiceField)
        removal = (
            [(REMOVE, "Nenhum: retirar o significado")] if usages.can_be_reverted(mapping) else []
        )
        statuses = STATUSES[StatusField(mapping.field)].choices
        field.choices = [("", "— escolha —"), *statuses, *removal]

    def clean_status(self) -> str:
        status: str = self.cleaned_data["status"]
        return "" if status == REMOVE else status


def _status_label(mapping: StatusMapping, status: str) -> str:
    return str(STATUSES[StatusField(mapping.field)](status).label) if status else ""


IS_MAPPED = empty_filter("significado", empty="A definir", filled="Definido")


@admin.register(StatusMapping)
class StatusMappingAdmin(ReadOnlyAdmin):
    action_verbs = ("change",)
    list_display = (
        "word",
        "platform",
        "field",
        "mapped_status",
        "waiting",
        "first_seen_at",
        "mapped_by",
        "mapping_link",
    )
    list_filter = ("field", ("status", IS_MAPPED))
    list_select_related = ("mapped_by",)
    search_fields = ("word",)
    search_help_text = "Texto do status"
    ordering = ("-first_seen_at",)
    fields = (
        "word",
        "platform",
        "field",
        "mapped_status",
        "first_seen_at",
        "mapped_by",
        "mapping_link",
    )
    readonly_fields = ("platform", "mapped_status", "mapping_link")

    platform = platform_column("provider", "plataforma")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changes = super().get_changelist_instance(request)
        counts = usages.count_unmapped(changes.result_list)
        for mapping in changes.result_list:
            mapping.waiting_count = counts[mapping.id]
        return changes

    @admin.display(description="significado", ordering="status")
    def mapped_status(self, mapping: StatusMapping) -> str:
        return _status_label(mapping, mapping.status) or NOTHING

    @admin.display(description="pedidos à espera")
    def waiting(self, mapping: StatusMapping) -> int:
        count: int = vars(mapping)["waiting_count"]
        return count

    @admin.display(description="o que fazer")
    def mapping_link(self, mapping: StatusMapping) -> SafeString:
        url = reverse("backoffice:status_mapping", args=[mapping.id])
        text = "Mudar o significado" if mapping.status else "Dar um significado"
        return format_html('<a class="underline" href="{}">{}</a>', url, text)


@permission_required("integrations.view_statusmapping", raise_exception=True)
def word_view(request: HttpRequest) -> HttpResponse:
    """Redirect to the mapping of a word, named by platform, field and word; or to the list."""
    names = {"provider": "plataforma", "field": "tipo", "word": "texto"}
    values = {name: request.GET.get(parameter, "") for name, parameter in names.items()}
    mapping = StatusMapping.objects.filter(**values).first()
    if mapping is None:
        return redirect(list_url(StatusMapping, q=values["word"]))
    return redirect("backoffice:status_mapping", mapping.id)


@permission_required("integrations.view_statusmapping", raise_exception=True)
def mapping_view(request: HttpRequest, mapping_id: UUID) -> HttpResponse:
    """Show a word's usages; a POST previews a mapping or, confirmed, applies it."""
    mapping = usages.spellings(get_object_or_404(StatusMapping, id=mapping_id))[0]
    may_map = request.user.has_perm(PERMISSIONS[BulkKind.REMAP])
    form = MappingForm(request.POST or None, mapping=mapping)
    preview = None
    if request.method == "POST":
        if not may_map:
            raise PermissionDenied
        if form.is_valid():
            if "confirm" in request.POST:
                return _apply(request, mapping, form)
            preview = preview_mapping(mapping, form.cleaned_data["status"])
    is_subscription = mapping.field == StatusField.SUBSCRIPTION
    new_status = _status_label(mapping, form.cleaned_data["status"]) if preview else ""
    context = {
        **admin.site.each_context(request),
        "title": f"“{mapping.word}”",
        "mapping": mapping,
        "status": _status_label(mapping, mapping.status),
        "new_status": new_status,
        "confirm_text": "Confirmar o significado" if new_status else "Retirar o significado",
        "confirm_tone": "" if new_status else "bad",
        "noun": "Assinatura" if is_subscription else "Pedido",
        "is_subscription": is_subscription,
        "count": usages.count_affected(mapping),
        "examples": usages.unmapped_examples(mapping, MAX_EXAMPLES),
        "form": form,
        "may_map": may_map,
        "preview": preview,
        "figures": outcome_figures(preview.outcomes, EXPECTED_LABELS) if preview else [],
        "action": BulkAction.objects.filter(mapping=mapping, state__in=UNDER_WAY).first(),
    }
    return render(request, "integrations/status_mapping.html", context)


def _apply(request: HttpRequest, mapping: StatusMapping, form: MappingForm) -> HttpResponse:
    assert isinstance(request.user, User)
    status, reason = form.cleaned_data["status"], form.cleaned_data["reason"]
    action, is_new = bulk_jobs.request_remap(mapping, status, by=request.user, reason=reason)
    if is_new:
        text = (
            "Deu significado a um texto recebido"
            if status
            else "Retirou o significado de um texto recebido"
        )
        details = {
            "significado": audit_log.change(
                _status_label(mapping, mapping.status), _status_label(mapping, status)
            ),
            "ação em massa": audit_log.reference(action),
        }
        audit_log.record(request, text, mapping, reason=reason, details=details)
    else:
        messages.warning(request, "Este significado já está sendo aplicado: espere terminar.")
    return redirect(change_url(action))
