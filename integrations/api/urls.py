"""The API's addresses of this room; a provider's name stands in them."""

from flowzz.core.api.routing import Router
from integrations.api.imports import ImportViewSet
from integrations.api.views import ConnectionViewSet, IntegrationListViewSet

router = Router()
router.register("integrations", IntegrationListViewSet, basename="integration")
router.register(
    f"integrations/{ConnectionViewSet.provider}", ConnectionViewSet, basename="connection"
)
# Here and not in `sales`, which knows no platform's files; found before `sales/<id>`.
router.register("sales/import", ImportViewSet, basename="import")

urlpatterns = router.urls
