"""The API's addresses of this room."""

from flowzz.api_routing import Router
from sales.api.views import ClientViewSet, SaleViewSet

router = Router()
router.register("sales", SaleViewSet)
router.register("clients", ClientViewSet)

urlpatterns = router.urls
