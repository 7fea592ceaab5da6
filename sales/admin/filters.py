"""What sales are filtered by, each served by an index."""

from django.db.models import QuerySet
from django.db.models.fields.json import KT
from django.http import HttpRequest

from flowzz.backoffice.filters import TextFilter
from sales.models import CAMPAIGN_PATH, Sale


class ProductFilter(TextFilter):
    title = "produto (nome exato)"
    parameter_name = "produto"

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Sale]") -> "QuerySet[Sale]":
        return queryset.filter(product_name=self.value()) if self.value() else queryset


class CampaignFilter(TextFilter):
    title = "campanha (UTM)"
    parameter_name = "campanha"

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Sale]") -> "QuerySet[Sale]":
        campaign = self.value()
        if not campaign:
            return queryset
        named = queryset.alias(campaign=KT(CAMPAIGN_PATH))
        return named.filter(metadata__has_key="utms", campaign=campaign)


class SourceFilter(TextFilter):
    title = "origem (integração)"
    parameter_name = "origem"

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Sale]") -> "QuerySet[Sale]":
        return queryset.filter(source=self.value()) if self.value() else queryset
