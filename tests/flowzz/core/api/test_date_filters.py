"""Days and times in the queries of lists and of the dashboard."""

from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from flowzz.core.api.date_filters import INVALID, parse_time
from tests.api_client import Frontend, invalid, status_and_body
from tests.factories import SaleFactory, UserFactory

PATHS = ("sales", "clients", "subscriptions", "affiliation-requests", "dashboard/metrics")
FORMS = ("2026-03-02", "02/03/2026", "2026-03-02T00:00:00-03:00", "2026-03-02T03:00:00Z")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02", "2026-03-02T00:00:00-03:00"),
        (" 02/03/2026 ", "2026-03-02T00:00:00-03:00"),
        ("2026-03-02T12:30:00", "2026-03-02T12:30:00-03:00"),
        ("2026-03-02 12:30", "2026-03-02T12:30:00-03:00"),
        ("2026-03-02T12:30:00Z", "2026-03-02T12:30:00+00:00"),
        ("2026-03-02T12:30:00.5 02:00", "2026-03-02T12:30:00.500000+02:00"),
    ],
)
def test_days_and_times_are_read(text: str, moment: str) -> None:
    assert parse_time(text).isoformat() == moment


def test_day_as_an_end_is_its_last_moment() -> None:
    assert parse_time("2026-03-02", is_end=True) == datetime.fromisoformat(
        "2026-03-02T23:59:59.999999-03:00"
    )
    assert parse_time("2026-03-02T12:00:00Z", is_end=True).hour == 12


@pytest.mark.parametrize("text", ["ontem", "2026-02-30", "31/02/2026", "2026-03", "1772463612"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValidationError, match=r"Informe um dia \(2026-03-02\)"):
        parse_time(text)


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_same_days_and_times_are_accepted_everywhere(path: str) -> None:
    frontend = Frontend(UserFactory.create())
    answers = [frontend.fetch(path, dateFrom=form, dateTo="03/03/2026") for form in FORMS]
    assert [answer.status_code for answer in answers] == [200] * len(FORMS)
    assert len({answer.content for answer in answers}) == 1
    assert status_and_body(frontend.fetch(path, dateFrom="nada")) == (
        400,
        invalid("dateFrom", INVALID),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_range_that_ends_before_it_begins_is_refused(path: str) -> None:
    frontend = Frontend(UserFactory.create())
    answer = frontend.fetch(path, dateFrom="2026-03-03", dateTo="2026-03-02")
    assert status_and_body(answer) == (400, invalid("dateFrom", "Deve ser antes de dateTo."))
    assert answer.json()["details"][0]["code"] == "RANGE_REVERSED"


@pytest.mark.django_db
def test_range_of_changes_may_be_given_by_days() -> None:
    sale = SaleFactory.create()
    day = sale.updated_at.astimezone().date()
    frontend = Frontend(sale.user)

    def numbers(**query: Any) -> list[str]:
        return [row["externalId"] for row in frontend.fetch("sales", **query).json()["data"]]

    assert numbers(updatedFrom=day, updatedTo=day) == [sale.external_id]
    answer = frontend.fetch("sales", updatedFrom="2026-03-03", updatedTo="2026-03-02")
    assert answer.json() == invalid("updatedFrom", "Deve ser antes de updatedTo.")
