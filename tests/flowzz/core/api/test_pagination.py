"""Pages by time and id."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from urllib.parse import quote

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


def walk(frontend: Frontend, link: str, way: str) -> list[str]:
    """The external ids of all pages from `link` on."""
    found: list[str] = []
    while link:
        page = frontend.get(link).json()
        found += [row["externalId"] for row in page["data"]]
        link = page[way]
    return found


def test_pages_hold_twenty_and_lead_to_the_end_and_back(user: User, frontend: Frontend) -> None:
    for number in range(45):
        # Many of the very same moment: none may be lost or shown twice between pages.
        at = NOON + timedelta(minutes=number // 30)
        SaleFactory.create(user=user, client=None, external_id=f"{number:02}", sale_date=at)
    newest_first = [f"{number:02}" for number in reversed(range(45))]

    first = frontend.fetch("sales").json()

    assert [row["externalId"] for row in first["data"]] == newest_first[:20]
    assert first["previous"] is None
    assert walk(frontend, "/api/v1/sales", "next") == newest_first
    second = frontend.get(first["next"]).json()
    third = frontend.get(second["next"]).json()
    assert frontend.get(third["previous"]).json() == second
    assert frontend.get(second["previous"]).json() == first


def test_sale_that_comes_meanwhile_does_not_move_the_pages(user: User, frontend: Frontend) -> None:
    for number in range(25):
        SaleFactory.create(user=user, client=None, external_id=f"{number:02}")
    link = frontend.fetch("sales").json()["next"]
    SaleFactory.create(user=user, client=None, external_id="new")
    assert walk(frontend, link, "next") == ["04", "03", "02", "01", "00"]


def cursor(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "made_up",
    [
        "nada",
        "é",
        "\x00",
        cursor("next"),
        cursor(f"next 2026-03-02 {ID}"),
        cursor(f"next 2026-03-02T12:00:00 {ID}"),
        cursor(f"up 2026-03-02T12:00:00+00:00 {ID}"),
        cursor("next 2026-03-02T12:00:00+00:00 7"),
        cursor(f"next 2026-13-02T12:00:00+00:00 {ID}"),
        cursor(f"next 9999-12-31T23:59:59-03:00 {ID}"),
    ],
)
def test_made_up_cursor_is_a_validation_error(frontend: Frontend, made_up: str) -> None:
    response = frontend.get(f"/api/v1/sales?cursor={quote(made_up)}")
    assert (response.status_code, response.json()) == (400, invalid("cursor", "Cursor inválido."))


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"])
@pytest.mark.parametrize("way", ["next", "previous"])
def test_cursor_far_out_is_good(frontend: Frontend, way: str, at: str) -> None:
    page = frontend.fetch("sales", cursor=cursor(f"{way} {at} {ID}")).json()
    assert page == {"success": True, "data": [], "next": None, "previous": None}
