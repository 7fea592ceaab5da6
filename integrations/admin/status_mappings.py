"""Status words that nobody has given a meaning yet: staff say what they mean."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget

from flowzz.accounts.models import User
from flowzz.backoffice import audit_log
from flowzz.backoffice.base_admin import ReadOnlyAdmin
from flowzz.backoffice.confirm_with_reason import OptionalReasonForm
from flowzz.core.db.jobs import UNDER_WAY
from integrations.admin.bulk_actions import NEEDED, figures
from integrations.bulk_actions import bulk_jobs
from integrations.bulk_actions.preview import OUTCOME_LABELS, preview_mapping
from integrations.models import BulkAction, BulkKind, StatusMapping
from integrations.providers.contracts import StatusField
from integrations.status_mappings import usages
from integrations.status_mappings.reprocess import STATES

EXAMPLES = 10
NONE = "none"


class MeaningForm(OptionalReasonForm):
    """Offers the states of the word's own axis; of a word that has a meaning, none as well."""

    meaning = forms.ChoiceField(label="Significado", widget=UnfoldAdminSelectWidget)
    field_order = ("meaning", "reason")

    def __init__(self, *args: Any, word: StatusMapping, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"meaning": word.meaning}
        field = self.fields["meaning"]
        assert isinstance(field, forms.ChoiceField)
        none = [(NONE, "Nenhum: retirar o significado")] if usages.is_given(word) else []
        field.choices = [("", "— escolha —"), *STATES[StatusField(word.axis)].choices, *none]

    def clean_meaning(self) -> str:
        chosen: str = self.cleaned_data["meaning"]
        return "" if chosen == NONE else chosen


def meaning_of(word: StatusMapping, meaning: str | None = None) -> str:
    """A word's meaning, or another one on its axis, as staff read it."""
    chosen = word.meaning if meaning is None else meaning
    return str(STATES[StatusField(word.axis)](chosen).label) if chosen else ""


@admin.register(StatusMapping)
class StatusMappingAdmin(ReadOnlyAdmin):
    list_display = (
        "word",
        "provider",
        "axis",
        "shown_meaning",
        "waiting",
        "first_seen_at",
        "mapped_by",
        "page",
    )
    list_filter = ("axis", ("meaning", admin.EmptyFieldListFilter))
    list_select_related = ("mapped_by",)
    search_fields = ("word",)
    ordering = ("-first_seen_at",)
    fields = ("word", "provider", "axis", "shown_meaning", "first_seen_at", "mapped_by", "page")
    readonly_fields = ("shown_meaning", "page")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changes = super().get_changelist_instance(request)
        counts = usages.counts(changes.result_list)
        for word in changes.result_list:
            word.waits = counts[word.id]
        return changes

    @admin.display(description="significado", ordering="meaning", empty_value="—")
    def shown_meaning(self, word: StatusMapping) -> str:
        return meaning_of(word)

    @admin.display(description="pedidos à espera")
    def waiting(self, word: StatusMapping) -> int:
        waits: int = vars(word).get("waits", 0)
        return waits

    @admin.display(description="o que fazer")
    def page(self, word: StatusMapping) -> SafeString:
        text = "Mudar o significado" if word.meaning else "Dar um significado"
        return format_html('<a class="underline" href="{}">{}</a>', address_of(word), text)


def address_of(word: StatusMapping) -> str:
    return reverse("backoffice:word", args=[word.id])


def decide(request: HttpRequest, word_id: Any) -> HttpResponse:
    """One word: the orders that came with it; choose, see what would change, confirm."""
    if not request.user.has_perm("integrations.view_statusmapping"):
        raise PermissionDenied
    word = get_object_or_404(StatusMapping.objects.select_related("mapped_by"), id=word_id)
    may_map = request.user.has_perm(NEEDED[BulkKind.REMAP])
    form = MeaningForm(request.POST or None, word=word)
    preview = None
    if request.method == "POST":
        if not may_map:
            raise PermissionDenied
        if form.is_valid():
            if "confirm" in request.POST:
                return _apply(request, word, form)
            preview = preview_mapping(word, form.cleaned_data["meaning"])
    is_subscription = word.axis == StatusField.SUBSCRIPTION
    chosen = meaning_of(word, form.cleaned_data["meaning"]) if preview else ""
    context = {
        **admin.site.each_context(request),
        "title": f"“{word.word}”",
        "word": word,
        "meaning": meaning_of(word),
        "chosen": chosen,
        "confirm_text": "Confirmar o significado" if chosen else "Retirar o significado",
        "confirm_tone": "" if chosen else "bad",
        "noun": "Assinatura" if is_subscription else "Pedido",
        "is_subscription": is_subscription,
        "count": usages.count(word),
        "examples": usages.examples(word, EXAMPLES),
        "form": form,
        "may_map": may_map,
        "preview": preview,
        "figures": figures(preview.outcomes, OUTCOME_LABELS) if preview else [],
        "action": BulkAction.objects.filter(mapping=word, state__in=UNDER_WAY).first(),
    }
    return render(request, "integrations/status_mapping.html", context)


def _apply(request: HttpRequest, word: StatusMapping, form: MeaningForm) -> HttpResponse:
    assert isinstance(request.user, User)
    meaning, reason = form.cleaned_data["meaning"], form.cleaned_data["reason"]
    action, is_new = bulk_jobs.request_remap(word, meaning, by=request.user, reason=reason)
    if is_new:
        done = (
            "Deu significado a uma palavra" if meaning else "Retirou o significado de uma palavra"
        )
        details = {"before": word.meaning, "after": meaning, "bulk": str(action.id)}
        audit_log.record(request, done, word, reason=reason, details=details)
    else:
        messages.warning(request, "Esta palavra já está sendo aplicada: espere terminar.")
    return redirect("backoffice:bulk", action.id)
