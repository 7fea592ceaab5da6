"""Staff's way in: no more tries than the API's login allows, counted with those."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError

from flowzz.rates import Rate, RateExceeded
from flowzz.throttling import LoginThrottle, address_of

if TYPE_CHECKING:  # unfold has no types
    from django.contrib.admin.forms import AdminAuthenticationForm as AuthenticationForm
else:
    from unfold.forms import AuthenticationForm


class LoginForm(AuthenticationForm):
    def clean(self) -> dict[str, Any]:
        """Count the try before the password is looked at; raises ValidationError."""
        assert self.request is not None
        try:
            Rate(LoginThrottle.name, settings.RATE_LIMIT_LOGIN).hit(address_of(self.request))
        except RateExceeded:
            raise ValidationError(
                "Muitas tentativas em pouco tempo. Aguarde um minuto e tente novamente."
            ) from None
        return super().clean()
