"""URLs of the API for sales, clients and the dashboard."""

from django.urls import re_path

from flowzz.core.api.views import Router
from sales.api.dashboard import MetricsView
from sales.api.exports import ExportViewSet
from sales.api.views import (
    AffiliationRequestViewSet,
    ClientViewSet,
    SaleViewSet,
    SubscriptionViewSet,
)

router = Router()
router.register("sales", SaleViewSet)
router.register("clients", ClientViewSet)
router.register("subscriptions", SubscriptionViewSet)
router.register("exports", ExportViewSet)
router.register("affiliation-requests", AffiliationRequestViewSet)

urlpatterns = [re_path(r"^dashboard/metrics/?$", MetricsView.as_view()), *router.urls]
