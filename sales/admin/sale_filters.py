"""The filters of the list of sales."""

from typing import Any

from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Q, QuerySet
from django.db.models.fields.json import KT
from django.http import HttpRequest

from flowzz.backoffice.filters import ExactFilter, TextFilter
from flowzz.backoffice.lists.filter_fields import ChoiceFilter
from sales.models import CAMPAIGN_PATH, CAMPAIGN_START, MAX_INDEXED, Sale


class ProductFilter(ExactFilter):
    title = "produto (nome exato)"
    parameter_name = "produto"
    field = "product_name"


class SourceFilter(ExactFilter):
    title = "origem (integração)"
    parameter_name = "origem"
    field = "source"

    def value(self) -> str | None:
        value = super().value()
        return value and str(value).lower()


class CampaignFilter(TextFilter):
    title = "campanha (UTM)"
    parameter_name = "campanha"

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Sale]") -> "QuerySet[Sale]":
        campaign = self.value()
        if not campaign:
            return queryset
        rows = queryset.alias(campaign=KT(CAMPAIGN_PATH), start=CAMPAIGN_START)
        start = campaign[:MAX_INDEXED]
        return rows.filter(metadata__has_key="utms", start=start, campaign=campaign)


class HiddenRowsFilter(ChoiceFilter):
    """Leaves rows out of the list, its totals and its export, unless they are asked for.

    A search in the list finds them all the same: they are marked.
    """

    shown: Q
    all_option = ("", "Sem estas")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Só estas"), ("todas", "Também estas")]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Sale]") -> "QuerySet[Sale]":
        if self.value() == "1":
            return queryset.exclude(self.shown)
        is_searched = bool(request.GET.get(SEARCH_VAR))
        return queryset if self.value() or is_searched else queryset.filter(self.shown)


class UnassociatedFilter(HiddenRowsFilter):
    title = "não associadas"
    parameter_name = "nao_associadas"
    shown = Q(is_associated=True)


class DeletedFilter(HiddenRowsFilter):
    title = "excluídas na origem"
    parameter_name = "excluidas"
    shown = Q(deleted_at=None)
