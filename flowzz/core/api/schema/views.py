"""The view that serves the API description."""

from typing import Any

from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from flowzz.core.api.throttling import SchemaThrottle


class SchemaView(SpectacularAPIView):
    throttle_classes = (SchemaThrottle,)

    def _get_version_parameter(self, request: Request) -> Any:
        """Return None: the base class would copy a query parameter into a response header."""
