"""A single request to Coinzz's HTTP API, with limits of time and size. No retries.

Coinzz answers an unknown path with status 200 and an HTML page, and may redirect a wrong method or
token to a login page: only JSON counts as a response of the API.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as Urllib3Timeout

from flowzz.core.timed_session import TimedSession
from integrations.providers.coinzz.decoding import decode_json
from integrations.providers.errors import (
    BrokenResponse,
    EndpointMissing,
    KeyRefused,
    PayloadInvalid,
    ProviderUnavailable,
    UnexpectedResponse,
)

MAX_RESPONSE_BYTES: Final = 20 * 1024 * 1024
MAX_RESPONSE_SECONDS: Final = 60.0
"""The limit of a request: a server that sends single bytes cannot occupy a worker longer."""

_MAX_RETRY_AFTER: Final = 86_400.0
_CHUNK_BYTES: Final = 65_536

_REDIRECTS: Final = range(300, 400)

_KEY_REFUSED: Final = "API key inválida. Verifique nas configurações do Coinzz."
_TIMED_OUT: Final = "O Coinzz demorou demais para responder. Tente novamente em alguns minutos."
_UNREACHABLE: Final = (
    "Não foi possível falar com o Coinzz: a conexão falhou. Tente novamente em alguns minutos."
)
_INCOMPLETE: Final = "A resposta do Coinzz chegou incompleta. Tente novamente em alguns minutos."
_HTML: Final = (
    "O Coinzz respondeu com uma página HTML em vez de dados. O endereço da API pode ter mudado: "
    "fale com o suporte do Flowzz."
)
_REDIRECT: Final = (
    "O Coinzz redirecionou para outra página em vez de responder. Gere uma nova API key nas "
    "configurações do Coinzz e conecte novamente."
)


class TooManyRequests(ProviderUnavailable):
    """Status 429: Coinzz is up, and asks to wait."""


class _Bearer(AuthBase):
    """An explicit auth: without one, `requests` would read the machine's netrc."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class Transport:
    """A persistent connection with one API key.

    Proxies from the environment are not used: the key is only sent to `base_url`.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        connect_timeout: float,
        read_timeout: float,
        max_seconds: float = MAX_RESPONSE_SECONDS,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._is_key_sendable = api_key.isascii() and api_key.isprintable()
        self.server_time: datetime | None = None
        """Coinzz's clock at its last response, to the second; aware."""
        self.body_size = 0
        """That of the last response, in bytes."""
        self._timeouts = (connect_timeout, read_timeout)
        self._session = TimedSession(max_seconds)
        self._session.trust_env = False
        self._session.auth = _Bearer(api_key)
        self._session.headers.update({"Accept": "application/json", "User-Agent": "Flowzz"})

    def close(self) -> None:
        self._session.close()

    def check_key(self) -> None:
        """Raise KeyRefused if the key has characters that a header cannot contain."""
        if not self._is_key_sendable:
            raise KeyRefused(_KEY_REFUSED)

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """Return the response's JSON, decoded by `decode_json`.

        Raises KeyRefused, UnexpectedResponse or ProviderUnavailable (also TooManyRequests and
        BrokenResponse).
        """
        try:
            with self._session.get(
                f"{self._base_url}/{path}",
                params=params,
                timeout=self._timeouts,
                allow_redirects=False,
                stream=True,
            ) as response:
                self.server_time = _http_date(response.headers.get("Date", ""))
                _check_status(response)
                body = _read_body(response)
                self.body_size = len(body)
                return _decode(response, body)
        except (requests.Timeout, Urllib3Timeout):
            failure = ProviderUnavailable(_TIMED_OUT)
        except requests.RequestException:
            failure = ProviderUnavailable(_UNREACHABLE)
        except HTTPError:
            failure = ProviderUnavailable(_INCOMPLETE)
        # Raised outside of `except`: the exception of requests refers to the request and its key.
        raise failure


def _check_status(response: requests.Response) -> None:
    status = response.status_code
    if status == HTTPStatus.OK:
        return
    if status == HTTPStatus.UNAUTHORIZED:
        raise KeyRefused(_KEY_REFUSED)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise TooManyRequests(
            "O Coinzz limitou o número de consultas. Aguarde alguns minutos e tente novamente.",
            retry_after=_retry_after(response),
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ProviderUnavailable(
            f"O Coinzz está com um erro interno ({status}). Tente novamente em alguns minutos.",
            retry_after=_retry_after(response),
        )
    if status in _REDIRECTS:
        raise UnexpectedResponse(_REDIRECT)
    refused = EndpointMissing if status == HTTPStatus.NOT_FOUND else UnexpectedResponse
    raise refused(f"O Coinzz recusou a consulta ({status}). Fale com o suporte do Flowzz.")


def _retry_after(response: requests.Response) -> float | None:
    """Return the seconds of the Retry-After header, a number or a date; at most a day."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _MAX_RETRY_AFTER)
    retry_at = _http_date(value)
    if retry_at is None:
        return None
    seconds = (retry_at - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), _MAX_RETRY_AFTER)


def _http_date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # OverflowError: numbers of many digits
        return None
    return date.replace(tzinfo=date.tzinfo or UTC)


def _read_body(response: requests.Response) -> bytes:
    body = bytearray()
    for chunk in _chunks(response):
        body += chunk
        if len(body) > MAX_RESPONSE_BYTES:
            raise UnexpectedResponse(
                "A resposta do Coinzz é grande demais. Fale com o suporte do Flowzz."
            )
    return bytes(body)


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """Yield data as it arrives: `iter_content` would wait until a chunk is full."""
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        yield chunk


def _decode(response: requests.Response, body: bytes) -> Any:
    content_type = response.headers.get("Content-Type", "").lower()
    if "html" in content_type or body.lstrip().startswith(b"<"):
        raise EndpointMissing(_HTML)
    try:
        return decode_json(body)
    except PayloadInvalid as error:
        if "json" in content_type:
            raise BrokenResponse(_INCOMPLETE) from None
        raise UnexpectedResponse(f"A resposta do Coinzz não é a da API. {error.message}") from None
