"""Status words that nobody has given a meaning yet: staff say what they mean."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget

from flowzz.backoffice.pages import Page
from integrations.models import UnknownStatus
from integrations.models.words import WordAxis
from sales.statuses import SaleStatus, ShippingStatus, SubscriptionStatus

MEANINGS = {
    WordAxis.ORDER: SaleStatus,
    WordAxis.SHIPPING: ShippingStatus,
    WordAxis.SUBSCRIPTION: SubscriptionStatus,
}


class MeaningForm(forms.ModelForm[UnknownStatus]):
    """Offers the states of the word's own axis."""

    meaning = forms.ChoiceField(
        label="Significado",
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="Vale para o que chegar daqui em diante.",
    )

    class Meta:
        model = UnknownStatus
        fields = ("meaning",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        states = MEANINGS[WordAxis(self.instance.axis)]
        field = self.fields["meaning"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "— sem significado —"), *states.choices]


@admin.register(UnknownStatus)
class UnknownStatusPage(Page[UnknownStatus]):
    form = MeaningForm
    list_display = ("word", "provider", "axis", "shown_meaning", "first_seen_at", "mapped_by")
    list_filter = ("axis", ("meaning", admin.EmptyFieldListFilter))
    list_select_related = ("mapped_by",)
    search_fields = ("word",)
    ordering = ("-first_seen_at",)
    show_full_result_count = False
    fields = ("word", "provider", "axis", "meaning", "first_seen_at", "mapped_by", "mapped_at")
    readonly_fields = ("word", "provider", "axis", "first_seen_at", "mapped_by", "mapped_at")

    @admin.display(description="significado", ordering="meaning", empty_value="—")
    def shown_meaning(self, word: UnknownStatus) -> str:
        states = MEANINGS[WordAxis(word.axis)]
        return str(states(word.meaning).label) if word.meaning else ""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: UnknownStatus | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: UnknownStatus, form: Any, change: bool) -> None:
        is_mapped = bool(obj.meaning)
        obj.mapped_by = request.user if is_mapped and request.user.is_authenticated else None
        obj.mapped_at = timezone.now() if is_mapped else None
        super().save_model(request, obj, form, change)
