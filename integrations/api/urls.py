"""URLs of this package's API. `<provider>` is the name of a registered provider."""

from flowzz.core.api.views import Router
from integrations.api.activity import AlertViewSet, EventViewSet, RunViewSet
from integrations.api.connections import ConnectionViewSet, IntegrationListViewSet
from integrations.api.imports import ImportViewSet
from integrations.api.syncs import SyncViewSet

PROVIDER = r"integrations/(?P<provider>[a-z0-9]+)"

router = Router()
router.register("integrations", IntegrationListViewSet, basename="integration")
router.register(PROVIDER, ConnectionViewSet, basename="connection")
router.register(PROVIDER, SyncViewSet, basename="sync")
router.register(f"{PROVIDER}/events", EventViewSet, basename="event")
router.register(f"{PROVIDER}/syncs", RunViewSet, basename="run")
router.register("alerts", AlertViewSet)
# Not in `sales`, which knows no provider's files; included before `sales/<id>`.
router.register("sales/import", ImportViewSet, basename="import")

urlpatterns = router.urls
