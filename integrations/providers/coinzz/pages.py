"""Parsers of the responses of Coinzz's HTTP API (README.md has their assumed shape). Pure.

Any other shape is an error, never an empty list: the sync would move its cursor past sales that
it never received.
"""

import re
from datetime import datetime
from typing import Any, Final

from integrations.providers.contracts import Page
from integrations.providers.errors import ProviderUnavailable, UnexpectedResponse

MAX_PAGES: Final = 100_000

_WHOLE: Final = re.compile(r"[0-9]{1,9}")
_PAGE_IN_URL: Final = re.compile(r"[?&]page=([0-9]{1,9})(?:&|$)")


def check_products(response: Any) -> None:
    """Raise UnexpectedResponse unless this is a response of `GET /products`."""
    products = response.get("data") if isinstance(response, dict) else response
    if _has_failed(response) or not isinstance(products, list | dict):
        raise _unexpected("faltam os produtos em `data`")


def parse_page(response: Any, *, number: int, fetched_at: datetime) -> Page:
    """Parse `GET /sales`: a Laravel page in any of its three forms, bare or in an envelope.

    Raises UnexpectedResponse, also for pages that form a loop. Raises ProviderUnavailable for an
    empty page that should contain sales, or that sales follow: the sync's cursor would skip them.
    """
    body = _object(response)
    body = _object(body.get("data")) or body
    items = body.get("data")
    if _has_failed(response) or not isinstance(items, list):
        raise _unexpected("falta a lista de vendas em `data`")
    meta = body | _object(body.get("meta"))
    last_page = _whole(meta.get("last_page"))
    next_url = _object(body.get("links")).get("next") or body.get("next_page_url")
    _reject_loop(number, _whole(meta.get("current_page")), next_url)
    page = Page(
        number=number,
        last_page=last_page,
        total=_whole(meta.get("total")),
        items=items,
        has_next=bool(next_url) if last_page is None else number < last_page,
        fetched_at=fetched_at,
    )
    if not items and _should_have_sales(page):
        raise ProviderUnavailable(f"O Coinzz enviou vazia a página {number}, que tem vendas.")
    return page


def _should_have_sales(page: Page) -> bool:
    """Return whether an empty page contradicts its own numbers of sales and pages."""
    if page.number == 1:
        return page.has_next or bool(page.total)
    return page.has_next or (page.last_page or 0) >= page.number


def _reject_loop(number: int, current: int | None, next_url: Any) -> None:
    match = _PAGE_IN_URL.search(str(next_url))
    is_backward = match is not None and int(match[1]) <= number
    if is_backward or current not in (None, number) or number > MAX_PAGES:
        raise _unexpected(f"a paginação não avança depois da página {number}")


def _has_failed(response: Any) -> bool:
    return _object(response).get("success") is False


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _whole(value: Any) -> int | None:
    return int(value) if _WHOLE.fullmatch(str(value)) else None


def _unexpected(what: str) -> UnexpectedResponse:
    return UnexpectedResponse(
        f"A resposta do Coinzz não tem o formato esperado: {what}. Fale com o suporte do Flowzz."
    )
