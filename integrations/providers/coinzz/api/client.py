"""Client of Coinzz's HTTP API for one user's key: retries temporary failures."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from typing import Any, Final, Self, TypeVar
from uuid import UUID

from tenacity import (
    RetryCallState,
    Retrying,
    nap,
    retry_if_exception,
    sleep_using_event,
    stop_after_attempt,
)

from integrations.providers.coinzz.api.pages import check_products, parse_page
from integrations.providers.coinzz.api.settings import ApiSettings
from integrations.providers.coinzz.api.transport import MAX_RESPONSE_SECONDS, Transport
from integrations.providers.coinzz.values import SAO_PAULO
from integrations.providers.contracts import Breaker, Page
from integrations.providers.errors import (
    BrokenResponse,
    CircuitOpen,
    FetchStopped,
    IntegrationError,
    KeyRefused,
    ProviderUnavailable,
    UnexpectedResponse,
)

T = TypeVar("T")

MAX_PAGES_BACK: Final = 10
"""A total that tells of more sales gone may be wrong, and may be so on each page."""
MAX_RETRY_WAIT: Final = 60.0
"""Seconds. If Coinzz asks to wait longer, the call fails at once with that `retry_after`."""


class _NoBreaker:
    def before_call(self) -> None: ...
    def succeeded(self) -> None: ...
    def failed(self) -> None: ...
    def ignored(self) -> None: ...


class CoinzzClient:
    """Timeouts and backoff are in seconds; the backoff doubles with each of the `retries`.

    Every call raises KeyRefused, UnexpectedResponse or, when the retries failed,
    ProviderUnavailable (also CircuitOpen). Once `stop` is set, it raises FetchStopped instead of
    making a request, and a wait ends.
    """

    def __init__(
        self,
        *,
        settings: ApiSettings,
        api_key: str,
        breaker: Breaker | None = None,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        retries: int = 3,
        backoff: float = 1.0,
        stop: Event | None = None,
        page_size: int = 200,
        max_seconds: float = MAX_RESPONSE_SECONDS,
    ) -> None:
        self._settings = settings
        self._transport = Transport(
            base_url=settings.api_url,
            api_key=api_key,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            max_seconds=max_seconds,
        )
        self._breaker = breaker or _NoBreaker()
        self._backoff = backoff
        self._stop = stop
        self._page_size = page_size
        self._retrying = Retrying(
            stop=stop_after_attempt(1 + retries),
            wait=self._wait,
            retry=retry_if_exception(_is_temporary),
            sleep=sleep_using_event(stop) if stop else nap.sleep,
            reraise=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self._transport.close()

    @property
    def server_time(self) -> datetime | None:
        """Coinzz's clock at its last response, to the second; aware."""
        return self._transport.server_time

    def test_key(self) -> None:
        """Fetch the products: a cheap request that needs a valid key."""
        settings = self._settings
        self._call(lambda: check_products(self._transport.get(settings.api_test_path), settings))

    def get(self, path: str, params: Mapping[str, str | int]) -> Any:
        """Return the JSON of any path, whatever its shape."""
        return self._call(lambda: self._transport.get(path, params))

    def sales_pages(
        self,
        since: datetime | None,
        *,
        start_page: int = 1,
        previous: UUID | None = None,
        total: int | None = None,
    ) -> Iterator[Page]:
        """Yield the pages of the sales changed `since` (aware; None: ever), from `start_page` on.

        The page before that has the digest `previous` and reported `total` sales. A page that
        repeats it is an error: its own sales would be missed. If sales have left the listing since
        then, others have moved to pages that were read before: these are yielded again.
        """
        number, again_until = start_page, 0
        while True:
            page = self.fetch_sales(since, number, previous)
            gone = total - page.total if total and page.total is not None else 0
            if gone > 0 and number > max(1, again_until):
                again_until, total, previous = number, page.total, None
                pages_back = min(math.ceil(gone / (len(page.items) or 1)), MAX_PAGES_BACK)
                number = max(1, number - pages_back)
                continue
            if number <= again_until:  # once: a total may go up and down
                page = replace(page, total=total)
            yield page
            if not page.has_next:
                return
            number, total, previous = number + 1, page.total, page.digest

    def fetch_sales(self, since: datetime | None, page: int, previous: UUID | None = None) -> Page:
        """Fetch one page. Raises BrokenResponse if it only repeats the page before."""
        params = self._page_params(since, page)

        def attempt() -> Page:
            fetched_at = datetime.now(UTC)
            response = self._transport.get(self._settings.api_sales_path, params)
            fetched = parse_page(
                response, self._settings, number=page, size=self._page_size, fetched_at=fetched_at
            )
            fetched = replace(fetched, body_size=self._transport.body_size)
            if fetched.digest == previous:
                raise BrokenResponse(f"O Coinzz enviou a página {page - 1} no lugar da {page}.")
            return fetched

        return self._call(attempt)

    def _page_params(self, since: datetime | None, page: int) -> dict[str, str | int]:
        names = self._settings
        params: dict[str, str | int] = {
            names.api_page_param: page,
            names.api_per_page_param: self._page_size,
        }
        if since:
            local = since.astimezone(SAO_PAULO)
            params[names.api_since_param] = local.strftime(names.api_since_format)
        params.pop("", None)
        return params

    def _call(self, attempt: Callable[[], T]) -> T:
        self._transport.check_key()
        result: T = self._retrying(self._with_breaker, attempt)
        return result

    def _with_breaker(self, attempt: Callable[[], T]) -> T:
        if self._stop and self._stop.is_set():
            raise FetchStopped
        self._breaker.before_call()
        try:
            result = attempt()
        except (KeyRefused, UnexpectedResponse, BrokenResponse):
            self._breaker.ignored()
            raise
        except IntegrationError:
            self._breaker.failed()
            raise
        self._breaker.succeeded()
        return result

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome and state.outcome.exception()
        requested = error.retry_after if isinstance(error, ProviderUnavailable) else None
        backoff: float = self._backoff * 2 ** (state.attempt_number - 1)
        return max(requested or 0.0, backoff)


def _is_temporary(error: BaseException) -> bool:
    if isinstance(error, CircuitOpen) or not isinstance(error, ProviderUnavailable):
        return False
    return (error.retry_after or 0.0) <= MAX_RETRY_WAIT
