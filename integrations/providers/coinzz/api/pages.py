"""Parsers of the responses of Coinzz's HTTP API, whose keys are settings. Pure.

Any other shape is an error, never an empty list: the sync would move its cursor past sales that
it never received.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from integrations.providers.coinzz.api.settings import ApiSettings, find_values
from integrations.providers.contracts import Page
from integrations.providers.errors import BrokenResponse, UnexpectedResponse

MAX_PAGES: Final = 100_000
MAX_ITEMS: Final = 20_000
"""Of a page, unless more were asked for. A megabyte of empty items would take two gigabytes."""
SMALLEST_PAGE: Final = 10
"""Sales. If a response doesn't say whether pages follow, a shorter page is the last one."""

_CURRENT_PAGE: Final = ("meta.current_page", "current_page")
_WHOLE: Final = re.compile(r"[0-9]{1,9}")


def check_products(response: Any, settings: ApiSettings) -> None:
    """Raise UnexpectedResponse unless this is a response of `GET /products`, or a page of sales."""
    products = response.get("data") if isinstance(response, dict) else response
    is_expected = isinstance(products, list | dict) or find_items(response, settings) is not None
    if _has_failed(response) or not is_expected:
        raise _unexpected("faltam os produtos em `data`")


def parse_page(
    response: Any, settings: ApiSettings, *, number: int, size: int, fetched_at: datetime
) -> Page:
    """Parse a page of the listing, of which `size` sales were asked for.

    Raises UnexpectedResponse, also for pages that form a loop. Raises BrokenResponse for an empty
    page that should contain sales, or that sales follow, and for one with sales behind the last
    page: the sync's cursor would skip sales.
    """
    items = find_items(response, settings)
    if _has_failed(response) or items is None:
        raise _unexpected(f"falta a lista de vendas em `{settings.api_items_key[0]}`")
    if len(items) > max(size, MAX_ITEMS):
        raise _unexpected("vendas demais em uma só página")
    last_page = _whole(find_values(response, settings.api_last_page_key))
    next_values = list(find_values(response, settings.api_next_page_key))
    next_page = next(filter(None, next_values), None)
    _reject_loop(number, response, next_page, settings.api_page_param)
    page = Page(
        number=number,
        last_page=last_page,
        total=_whole(find_values(response, settings.api_total_key)),
        items=items,
        has_next=False,
        fetched_at=fetched_at,
    )
    if settings.api_page_param:
        page = replace(page, has_next=_has_next(page, next_values, size))
    if not items and _should_have_sales(page):
        raise BrokenResponse(f"O Coinzz enviou vazia a página {number}, que tem vendas.")
    if items and last_page and last_page < number:
        raise BrokenResponse(f"O Coinzz enviou vendas depois da última página, a {last_page}.")
    return page


def find_items(response: Any, settings: ApiSettings) -> list[Any] | None:
    values = find_values(response, settings.api_items_key)
    return next((value for value in values if isinstance(value, list)), None)


def _has_next(page: Page, next_values: Sequence[Any], size: int) -> bool:
    """Decide by the last page's number, else the next page, else the numbers of sales."""
    if page.last_page is not None:
        return page.number < page.last_page
    if next_values:
        return any(next_values)
    if page.total is not None:
        return 0 < page.number * len(page.items) < page.total
    return len(page.items) >= min(size, SMALLEST_PAGE)


def _should_have_sales(page: Page) -> bool:
    """Return whether an empty page contradicts its own numbers of sales and pages."""
    if page.number == 1:
        return page.has_next or bool(page.total)
    return page.has_next or (page.last_page or 0) >= page.number


def _reject_loop(number: int, response: Any, next_page: Any, page_param: str) -> None:
    match = re.search(rf"[?&]{re.escape(page_param)}=([0-9]{{1,9}})(?:&|$)", str(next_page))
    is_backward = match is not None and int(match[1]) <= number
    current = _whole(find_values(response, _CURRENT_PAGE))
    if is_backward or current not in (None, number) or number > MAX_PAGES:
        raise _unexpected(f"a paginação não avança depois da página {number}")


def _has_failed(response: Any) -> bool:
    return isinstance(response, dict) and response.get("success") is False


def _whole(values: Iterable[Any]) -> int | None:
    """Return the first value that is a whole number."""
    texts = map(str, values)
    return next((int(text) for text in texts if _WHOLE.fullmatch(text)), None)


def _unexpected(what: str) -> UnexpectedResponse:
    return UnexpectedResponse(
        f"A resposta do Coinzz não tem o formato esperado: {what}. Fale com o suporte do Flowzz."
    )
