"""The answers of Coinzz's HTTP API, in the shape they are taken to have (README.md). Pure.

What hasn't that shape is an error, never an empty list: that would move the sync's cursor past
sales nobody has seen.
"""

import re
from datetime import datetime
from typing import Any, Final

from integrations.providers.contracts import Page
from integrations.providers.errors import ProviderUnavailable, UnexpectedResponse

MAX_PAGES: Final = 100_000

_WHOLE: Final = re.compile(r"[0-9]{1,9}")
_PAGE_IN_URL: Final = re.compile(r"[?&]page=([0-9]{1,9})(?:&|$)")


def check_products(answer: Any) -> None:
    """Raise UnexpectedResponse where `GET /products` didn't answer as an API does."""
    products = answer.get("data") if isinstance(answer, dict) else answer
    if _has_failed(answer) or not isinstance(products, list | dict):
        raise _unexpected("faltam os produtos em `data`")


def read_page(answer: Any, *, number: int, fetched_at: datetime) -> Page:
    """Read `GET /sales`: Laravel's pages, in any of its three forms, bare or in an envelope.

    Raises UnexpectedResponse, also for pages that form a loop. Raises ProviderUnavailable for an
    empty page that should contain sales, or that sales follow: the sync's cursor would skip them.
    """
    paged = _object(answer)
    paged = _object(paged.get("data")) or paged
    items = paged.get("data")
    if _has_failed(answer) or not isinstance(items, list):
        raise _unexpected("falta a lista de vendas em `data`")
    told = paged | _object(paged.get("meta"))
    last_page = _whole(told.get("last_page"))
    next_url = _object(paged.get("links")).get("next") or paged.get("next_page_url")
    _refuse_circle(number, _whole(told.get("current_page")), next_url)
    page = Page(
        number=number,
        last_page=last_page,
        total=_whole(told.get("total")),
        items=items,
        has_next=bool(next_url) if last_page is None else number < last_page,
        fetched_at=fetched_at,
    )
    if not items and _has_sales(page):
        raise ProviderUnavailable(f"O Coinzz enviou vazia a página {number}, que tem vendas.")
    return page


def _has_sales(page: Page) -> bool:
    """Whether an empty page contradicts what it says of itself."""
    if page.number == 1:
        return page.has_next or bool(page.total)
    return page.has_next or (page.last_page or 0) >= page.number


def _refuse_circle(number: int, current: int | None, next_url: Any) -> None:
    match = _PAGE_IN_URL.search(str(next_url))
    goes_back = match is not None and int(match[1]) <= number
    if goes_back or current not in (None, number) or number > MAX_PAGES:
        raise _unexpected(f"a paginação não avança depois da página {number}")


def _has_failed(answer: Any) -> bool:
    return _object(answer).get("success") is False


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _whole(value: Any) -> int | None:
    return int(value) if _WHOLE.fullmatch(str(value)) else None


def _unexpected(what: str) -> UnexpectedResponse:
    return UnexpectedResponse(
        f"A resposta do Coinzz não tem o formato esperado: {what}. Fale com o suporte do Flowzz."
    )
