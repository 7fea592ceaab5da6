"""Filters of the list of sales, each served by an index."""

from django.db.models import QuerySet
from django.db.models.fields.json import KT
from django.http import HttpRequest

from flowzz.backoffice.filters import ExactFilter, TextFilter
from sales.models import CAMPAIGN_PATH, Sale


class ProductFilter(ExactFilter):
    title = "produto (nome exato)"
    parameter_name = "produto"
    field = "product_name"


class SourceFilter(ExactFilter):
    title = "origem (integração)"
    parameter_name = "origem"
    field = "source"


class CampaignFilter(TextFilter):
    title = "campanha (UTM)"
    parameter_name = "campanha"

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Sale]") -> "QuerySet[Sale]":
        campaign = self.value()
        if not campaign:
            return queryset
        with_campaign = queryset.alias(campaign=KT(CAMPAIGN_PATH))
        return with_campaign.filter(metadata__has_key="utms", campaign=campaign)
