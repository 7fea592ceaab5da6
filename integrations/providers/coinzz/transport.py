"""One request to Coinzz's HTTP API and its answer, judged and bounded; no retries here.

An unknown path answers 200 with an HTML page, a wrong method or token may redirect to a login
page: only JSON in the expected shape is the API.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any, Final

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as Urllib3Timeout

from integrations.providers.coinzz.decoding import read_json
from integrations.providers.errors import (
    KeyRefused,
    PayloadInvalid,
    ProviderUnavailable,
    UnexpectedResponse,
)

MAX_ANSWER_BYTES: Final = 20 * 1024 * 1024
MAX_ANSWER_SECONDS: Final = 60.0
"""From the request on; a server that sends a byte now and then can't hold a worker longer."""

_LONGEST_RETRY_AFTER: Final = 86_400.0
_CHUNK_BYTES: Final = 65_536

_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_UNAUTHENTICATED: Final = 401
_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERROR: Final = 500

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
    """429: the provider is there, and asks to wait."""


class _Bearer(AuthBase):
    """An explicit auth, so that requests never takes one from the machine's netrc instead."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class Transport:
    """A kept-alive connection with one API key. Proxies of the environment are not used: where
    the key goes is decided by `base_url` alone.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        connect_timeout: float,
        read_timeout: float,
        max_seconds: float = MAX_ANSWER_SECONDS,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._key_fits_a_header = api_key.isascii() and api_key.isprintable()
        self.server_time: datetime | None = None
        """By Coinzz's clock, to the second, when it answered last; aware."""
        self._timeouts = (connect_timeout, read_timeout)
        self._max_seconds = max_seconds
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = _Bearer(api_key)
        self._session.headers.update({"Accept": "application/json", "User-Agent": "Flowzz"})

    def close(self) -> None:
        self._session.close()

    def check_key(self) -> None:
        """Raise KeyRefused where the key has characters that no request can carry."""
        if not self._key_fits_a_header:
            raise KeyRefused(_KEY_REFUSED)

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """The JSON answered, read as `read_json` does.

        Raises KeyRefused, UnexpectedResponse, TooManyRequests or ProviderUnavailable.
        """
        ends_at = monotonic() + self._max_seconds
        try:
            with self._session.get(
                self._base_url + path,
                params=params,
                timeout=self._timeouts,
                allow_redirects=False,
                stream=True,
            ) as response:
                self.server_time = _http_date(response.headers.get("Date", ""))
                _check_status(response)
                return _json(response, _body(response, ends_at))
        except (requests.Timeout, Urllib3Timeout):
            failure = ProviderUnavailable(_TIMED_OUT)
        except requests.RequestException:
            failure = ProviderUnavailable(_UNREACHABLE)
        except HTTPError:
            failure = ProviderUnavailable(_INCOMPLETE)
        # Outside of `except`: the requests exception holds the request, and that holds the key.
        raise failure


def _check_status(response: requests.Response) -> None:
    status = response.status_code
    if status == _OK:
        return
    if status == _UNAUTHENTICATED:
        raise KeyRefused(_KEY_REFUSED)
    if status == _TOO_MANY_REQUESTS:
        raise TooManyRequests(
            "O Coinzz limitou o número de consultas. Aguarde alguns minutos e tente novamente.",
            retry_after=_retry_after(response),
        )
    if status >= _SERVER_ERROR:
        raise ProviderUnavailable(
            f"O Coinzz está com um erro interno ({status}). Tente novamente em alguns minutos.",
            retry_after=_retry_after(response),
        )
    if status in _REDIRECTS:
        raise UnexpectedResponse(_REDIRECT)
    raise UnexpectedResponse(
        f"O Coinzz recusou a consulta ({status}). Fale com o suporte do Flowzz."
    )


def _retry_after(response: requests.Response) -> float | None:
    """Seconds, from the header's number or its HTTP date; a day at most."""
    sent = response.headers.get("Retry-After", "").strip()
    if sent.isascii() and sent.isdigit():
        return min(float(sent), _LONGEST_RETRY_AFTER)
    at = _http_date(sent)
    if at is None:
        return None
    seconds = (at - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER)


def _http_date(sent: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(sent)
    except (ValueError, OverflowError):  # the latter by numbers of many digits
        return None
    return at.replace(tzinfo=at.tzinfo or UTC)


def _body(response: requests.Response, ends_at: float) -> bytes:
    body = bytearray()
    for chunk in _chunks(response):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise UnexpectedResponse(
                "A resposta do Coinzz é grande demais. Fale com o suporte do Flowzz."
            )
        if monotonic() > ends_at:
            raise ProviderUnavailable(_TIMED_OUT)
    return bytes(body)


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """What has arrived, as it arrives: `iter_content` would wait until a chunk is full."""
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        yield chunk


def _json(response: requests.Response, body: bytes) -> Any:
    content_type = response.headers.get("Content-Type", "").lower()
    if "html" in content_type or body.lstrip().startswith(b"<"):
        raise UnexpectedResponse(_HTML)
    try:
        return read_json(body)
    except PayloadInvalid as error:
        if "json" in content_type:
            raise ProviderUnavailable(_INCOMPLETE) from None
        raise UnexpectedResponse(f"A resposta do Coinzz não é a da API. {error.message}") from None
