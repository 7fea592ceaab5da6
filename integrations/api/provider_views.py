"""The base of the calls under `/integrations/<provider>/…`."""

from typing import Any, ClassVar

from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from flowzz.core.api.errors import NotFound
from flowzz.core.api.throttling import CallThrottle
from flowzz.core.api.views import current_user_id
from integrations.api.errors import IntegrationNotFound
from integrations.models import Integration
from integrations.providers.contracts import Provider
from integrations.providers.registry import get_provider, provider_names

TAG = "Integrações"


class ProviderViewSet(viewsets.ViewSet):
    """Calls about the user's one integration with the provider in the path."""

    provider: Provider
    polled: ClassVar[tuple[str, ...]] = ()
    """Actions that frontends call every second or two: they don't count against the limit."""

    def get_throttles(self) -> list[BaseThrottle]:
        return [CallThrottle()] if self.action in self.polled else super().get_throttles()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        name = kwargs["provider"]
        if name not in provider_names():
            raise NotFound
        self.provider = get_provider(name)

    def integration(self) -> Integration:
        """Return the user's own integration. Raises IntegrationNotFound."""
        integration = Integration.objects.filter(
            user_id=current_user_id(self.request), provider=self.provider.name
        ).first()
        if integration is None:
            raise IntegrationNotFound(self.provider)
        return integration
