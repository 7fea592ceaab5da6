"""The shapes of Laravel's pages."""

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.providers.coinzz.api.pages import (
    MAX_ITEMS,
    MAX_PAGES,
    SMALLEST_PAGE,
    check_products,
    parse_page,
)
from integrations.providers.contracts import Page
from integrations.providers.errors import ProviderUnavailable, UnexpectedResponse
from tests.integrations.providers.coinzz.samples import api_settings

NOW = datetime(2026, 11, 3, 21, 0, tzinfo=UTC)
URL = "https://coinzz.example/api/sales?per_page=2&page="
ITEMS: list[Any] = [{"order": {}}, {"order": {}}]


def page(**changes: Any) -> Page:
    read: dict[str, Any] = {"number": 1, "last_page": 3, "total": 5, "items": ITEMS}
    return Page(**{**read, "has_next": True, "fetched_at": NOW, **changes})


def parse(response: Any, number: int = 1, size: int = 200, **names: Any) -> Page:
    return parse_page(response, api_settings(**names), number=number, size=size, fetched_at=NOW)


META = {"current_page": 1, "last_page": 3, "total": 5}


@pytest.mark.parametrize(
    "response",
    [
        {"data": ITEMS, "links": {"next": URL + "2"}, "meta": META},
        {"data": ITEMS, "meta": META},
        {"data": ITEMS, "next_page_url": URL + "2", **META},
        {"success": True, "data": {"data": ITEMS, "next_page_url": URL + "2", **META}},
        {"success": True, "data": {"data": ITEMS, "meta": META}},
        {"data": ITEMS, "links": [{"url": None, "label": "1"}], "meta": META},
        {"data": ITEMS, "meta": {"current_page": "1", "last_page": "3", "total": "5"}},
    ],
)
def test_page_is_parsed_in_every_form(response: Any) -> None:
    assert parse(response) == page()


@pytest.mark.parametrize(
    ("response", "has_next"),
    [
        ({"data": ITEMS, "links": {"next": URL + "2"}}, True),
        ({"data": ITEMS, "next_page_url": URL + "2"}, True),
        ({"data": ITEMS, "next_page_url": None}, False),
        ({"data": []}, False),
    ],
)
def test_next_link_decides_without_a_last_page(response: Any, has_next: bool) -> None:
    assert parse(response) == page(
        last_page=None, total=None, items=response["data"], has_next=has_next
    )


@pytest.mark.parametrize(
    ("count", "size", "has_next"),
    [(SMALLEST_PAGE, 200, True), (SMALLEST_PAGE - 1, 200, False), (5, 5, True), (4, 5, False)],
)
def test_number_of_sales_decides_without_any_key_of_pages(
    count: int, size: int, has_next: bool
) -> None:
    items: list[Any] = [{"order": {}}] * count
    assert parse({"data": items}, size=size) == page(
        last_page=None, total=None, items=items, has_next=has_next
    )


@pytest.mark.parametrize(
    ("number", "total", "has_next"), [(1, 5, True), (2, 5, True), (2, 4, False), (1, 2, False)]
)
def test_total_decides_without_a_last_page_or_a_next_one(
    number: int, total: int, has_next: bool
) -> None:
    assert parse({"data": ITEMS, "total": total}, number).has_next is has_next


def test_page_is_parsed_with_other_keys() -> None:
    response = {"result": {"orders": ITEMS, "info": {"pages": 3, "count": 5}}}
    names: dict[str, Any] = {
        "api_items_key": ["orders", "result.orders"],
        "api_last_page_key": ["result.info.pages"],
        "api_total_key": ["result.info.count"],
    }
    assert parse(response, **names) == page()
    with pytest.raises(UnexpectedResponse, match="falta a lista de vendas em `orders`"):
        parse({"data": ITEMS}, **names)


def test_next_link_may_be_a_flag() -> None:
    response = {"data": ITEMS, "has_more": True}
    assert parse(response, api_next_page_key=["has_more"]).has_next is True
    assert parse(response | {"has_more": False}, api_next_page_key=["has_more"]).has_next is False


def test_loop_is_recognised_by_the_name_of_the_parameter() -> None:
    response = {"data": ITEMS, "next_page_url": "https://coinzz.example/api/sales?pagina=2"}
    assert parse(response, 2).has_next is True
    with pytest.raises(UnexpectedResponse, match="não avança"):
        parse(response, 2, api_page_param="pagina")


def test_listing_without_pages_has_one() -> None:
    items: list[Any] = [{"order": {}}] * SMALLEST_PAGE
    assert parse({"data": items}, api_page_param="").has_next is False


@pytest.mark.parametrize(
    ("number", "meta"),
    [(1, {"total": 45}), (1, {"last_page": 5}), (3, {"last_page": 5}), (5, {"last_page": 5})],
)
def test_empty_page_that_should_have_sales_is_an_error(number: int, meta: dict[str, int]) -> None:
    with pytest.raises(ProviderUnavailable, match="vazia"):
        parse({"data": [], "meta": meta}, number)


@pytest.mark.parametrize(
    ("number", "meta"),
    [(1, {"total": 0, "last_page": 1}), (1, {}), (6, {"total": 45, "last_page": 5})],
)
def test_empty_page_is_the_last_one_without_more_sales(number: int, meta: dict[str, int]) -> None:
    assert parse({"data": [], "meta": meta}, number).has_next is False


def test_last_page_number_wins_over_the_next_link() -> None:
    response = {"data": ITEMS, "links": {"next": URL + "4"}, "meta": {"last_page": 3}}
    assert parse(response, 3).has_next is False


@pytest.mark.parametrize(
    "response",
    [
        None,
        [],
        ITEMS,
        "texto",
        {},
        {"data": None},
        {"data": "texto"},
        {"data": {}},
        {"data": {"data": None}},
        {"success": False, "message": "Erro", "data": []},
    ],
)
def test_unknown_shape_is_an_error_and_never_an_empty_page(response: Any) -> None:
    with pytest.raises(UnexpectedResponse) as refused:
        parse(response)
    assert refused.value.message == (
        "A resposta do Coinzz não tem o formato esperado: falta a lista de vendas em `data`. "
        "Fale com o suporte do Flowzz."
    )


@pytest.mark.parametrize(
    ("number", "response"),
    [
        (2, {"data": ITEMS, "links": {"next": URL + "2"}}),
        (2, {"data": ITEMS, "links": {"next": URL + "1"}}),
        (2, {"data": ITEMS, "meta": {"current_page": 1, "last_page": 9}}),
        (MAX_PAGES + 1, {"data": ITEMS, "next_page_url": f"{URL}{MAX_PAGES + 2}"}),
    ],
)
def test_pages_that_do_not_advance_are_an_error(number: int, response: Any) -> None:
    with pytest.raises(UnexpectedResponse, match=f"não avança depois da página {number}"):
        parse(response, number)


def test_page_with_sales_behind_the_last_one_is_an_error() -> None:
    """One of them is wrong: the next pages would be missed."""
    with pytest.raises(ProviderUnavailable, match="depois da última página, a 1"):
        parse({"data": ITEMS, "meta": {"last_page": 1}}, number=2)
    assert not parse({"data": [], "meta": {"last_page": 1}}, number=2).has_next


def test_page_of_far_more_sales_than_asked_for_is_an_error() -> None:
    response = {"data": [{}] * (MAX_ITEMS + 1), "meta": {"last_page": 1}}
    with pytest.raises(UnexpectedResponse, match="vendas demais"):
        parse(response)
    assert len(parse(response, size=MAX_ITEMS + 1).items) == MAX_ITEMS + 1


@pytest.mark.parametrize("response", [{"data": []}, {"data": {"data": []}}, [], [{"id": 1}]])
def test_products_may_come_in_any_container(response: Any) -> None:
    check_products(response, api_settings())


@pytest.mark.parametrize(
    "response", [None, "texto", 7, {}, {"data": None}, {"success": False, "data": []}]
)
def test_response_without_products_is_an_error(response: Any) -> None:
    with pytest.raises(UnexpectedResponse, match="faltam os produtos em `data`"):
        check_products(response, api_settings())
