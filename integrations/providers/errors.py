"""Failures of an integration: each has a message for people and says whether a retry helps."""

from typing import ClassVar


class IntegrationError(Exception):
    """`message` is Portuguese and safe to show: it contains no secret and no personal data."""

    code: ClassVar[str] = "INTEGRATION_ERROR"
    permanent: ClassVar[bool] = True
    retry_after: float | None = None
    """Seconds to wait before a retry, where the provider asked for it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class PayloadInvalid(IntegrationError):
    """A body, an item or a file that cannot be parsed."""

    code = "PAYLOAD_INVALID"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        """A stable snake_case code, by which failures are grouped: `invalid_json`."""


class ProviderUnavailable(IntegrationError):
    """The provider did not answer properly; a later retry can help."""

    code = "PROVIDER_UNAVAILABLE"
    permanent = False

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class BrokenResponse(ProviderUnavailable):
    """A response of an unexpected shape that may pass, such as a page without its sales.

    It concerns one account: the provider answers.
    """


class CircuitOpen(ProviderUnavailable):
    """The circuit breaker is open: no request was made."""

    code = "CIRCUIT_OPEN"


class KeyRefused(IntegrationError):
    """The provider rejected the API key (401)."""

    code = "KEY_REFUSED"


class UnexpectedResponse(IntegrationError):
    """The response is not the API's: HTML, a redirect, an unknown shape."""

    code = "UNEXPECTED_RESPONSE"


class EndpointMissing(UnexpectedResponse):
    """The API has no such address: it answered 404, or with the platform's HTML page."""

    code = "ENDPOINT_MISSING"


class FetchStopped(Exception):
    """The caller has stopped the client before a request or during a wait."""
