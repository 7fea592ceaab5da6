"""The API's own description, as a server serves it."""

from typing import Any

from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from flowzz.core.api.throttling import SchemaThrottle


class SchemaView(SpectacularAPIView):
    throttle_classes = (SchemaThrottle,)

    def _get_version_parameter(self, request: Request) -> Any:
        """None: there is one version, and a header is no place for what somebody asks for."""
