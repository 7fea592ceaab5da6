"""Cursor pagination by time and id."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from urllib.parse import quote, urlsplit

import pytest

from flowzz.accounts.models import User
from tests.api_client import Frontend, invalid
from tests.factories import NOON, SaleFactory, UserFactory

pytestmark = pytest.mark.django_db
ID = "01a20a8b-a3b7-7101-88c4-7b75d314ea3e"


@pytest.fixture
def user() -> User:
    return UserFactory.create()


@pytest.fixture
def frontend(user: User) -> Frontend:
    return Frontend(user)


def follow_links(frontend: Frontend, link: str, direction: str) -> list[str]:
    """Return the external ids on all pages from `link` on."""
    external_ids: list[str] = []
    while link:
        page = frontend.get(link).json()
        external_ids += [row["externalId"] for row in page["data"]]
        link = page[direction]
    return external_ids


def test_pages_can_be_followed_to_the_end_and_back(user: User, frontend: Frontend) -> None:
    for number in range(45):
        # Many have the same time: none may be lost or repeated between pages.
        time = NOON + timedelta(minutes=number // 30)
        SaleFactory.create(user=user, client=None, external_id=f"{number:02}", sale_date=time)
    newest_first = [f"{number:02}" for number in reversed(range(45))]

    first = frontend.fetch("sales").json()

    assert [row["externalId"] for row in first["data"]] == newest_first[:20]
    assert first["previous"] is None
    assert follow_links(frontend, "/api/v1/sales", "next") == newest_first
    second = frontend.get(first["next"]).json()
    third = frontend.get(second["next"]).json()
    assert frontend.get(third["previous"]).json() == second
    assert frontend.get(second["previous"]).json() == first


def test_new_sale_does_not_shift_the_following_pages(user: User, frontend: Frontend) -> None:
    for number in range(25):
        SaleFactory.create(user=user, client=None, external_id=f"{number:02}")
    link = frontend.fetch("sales").json()["next"]
    SaleFactory.create(user=user, client=None, external_id="new")
    assert follow_links(frontend, link, "next") == ["04", "03", "02", "01", "00"]


def encode_cursor(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "invalid_cursor",
    [
        "nada",
        "é",
        "\x00",
        encode_cursor("sale-saleDate next"),
        encode_cursor(f"sale-saleDate next 2026-03-02 {ID}"),
        encode_cursor(f"sale-saleDate next 2026-03-02T12:00:00 {ID}"),
        encode_cursor(f"sale-saleDate up 2026-03-02T12:00:00+00:00 {ID}"),
        encode_cursor("sale-saleDate next 2026-03-02T12:00:00+00:00 7"),
        encode_cursor(f"sale-saleDate next 2026-13-02T12:00:00+00:00 {ID}"),
        encode_cursor(f"sale-saleDate next 9999-12-31T23:59:59-03:00 {ID}"),
    ],
)
def test_invalid_cursor_is_a_validation_error(frontend: Frontend, invalid_cursor: str) -> None:
    response = frontend.get(f"/api/v1/sales?cursor={quote(invalid_cursor)}")
    assert (response.status_code, response.json()) == (400, invalid("cursor", "Cursor inválido."))


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"])
@pytest.mark.parametrize("direction", ["next", "previous"])
def test_cursor_with_an_extreme_time_is_valid(
    frontend: Frontend, direction: str, time: str
) -> None:
    page = frontend.fetch(
        "sales", cursor=encode_cursor(f"sale-saleDate {direction} {time} {ID}")
    ).json()
    assert page == {"success": True, "data": [], "next": None, "previous": None}


@pytest.mark.parametrize(
    "target", ["clients?", "subscriptions?", "affiliation-requests?", "sales?ordering=saleDate&"]
)
def test_cursor_is_refused_in_another_list_or_order(
    user: User, frontend: Frontend, target: str
) -> None:
    for number in range(2):
        SaleFactory.create(user=user, external_id=str(number))
    link = frontend.fetch("sales", limit=1).json()["next"]
    cursor = next(part for part in urlsplit(link).query.split("&") if part.startswith("cursor="))
    response = frontend.get(f"/api/v1/{target}{cursor}")
    refusal = invalid("cursor", "Cursor de outra lista ou de outra ordem.")
    assert (response.status_code, response.json()) == (400, refusal)
