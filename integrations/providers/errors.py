"""Failures of an integration: each knows its message for people and whether a retry helps."""

from typing import ClassVar


class IntegrationError(Exception):
    """`message` is Portuguese and safe to show: it never holds a secret or personal data."""

    code: ClassVar[str] = "INTEGRATION_ERROR"
    permanent: ClassVar[bool] = True
    retry_after: float | None = None
    """Seconds that whoever failed asked to wait, if it did."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class PayloadInvalid(IntegrationError):
    """The body can't be read as what the provider is known to send."""

    code = "PAYLOAD_INVALID"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        """Stable snake_case code of the cause, for grouping: `invalid_json`, `unknown_kind`."""
        self.external_id = ""
        """The order's number, where that much could be read."""


class ProviderUnavailable(IntegrationError):
    """The provider didn't answer properly; trying again later can help."""

    code = "PROVIDER_UNAVAILABLE"
    permanent = False

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class CircuitOpen(ProviderUnavailable):
    """The breaker is open: the call was not made."""

    code = "CIRCUIT_OPEN"


class KeyRefused(IntegrationError):
    """The provider says that the API key is not valid (401)."""

    code = "KEY_REFUSED"


class NotTheApi(IntegrationError):
    """An answer came, but not the API's: HTML, a redirect, an unexpected shape."""

    code = "NOT_THE_API"
