"""The stored totals of each day; tests/sales/stats/test_dashboard_stats.py checks the numbers."""

from datetime import date

import pytest
from pytest_django import DjangoAssertNumQueries

from flowzz.accounts.models import User
from sales.models import DirtyDay
from sales.stats.dashboard_stats import dashboard_stats
from sales.stats.range_totals import fetch_totals
from sales.tasks import refresh_daily_stats
from tests.factories import SaleFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return UserFactory.create()


def test_task_recounts_dirty_days_including_those_of_deleted_users(user: User) -> None:
    SaleFactory.create(user=user)
    refresh_daily_stats()
    assert not DirtyDay.objects.exists()
    assert dashboard_stats(user.id, date(2026, 3, 1), date(2026, 3, 31)).current.sales == 1
    user.delete()
    refresh_daily_stats()
    fetched = fetch_totals(user.id, date(2026, 1, 1), date(2027, 1, 1))
    assert (fetched.current.totals, fetched.breakdowns) == ([], [])


def test_totals_are_read_with_one_statement(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        fetch_totals(user.id, date(2026, 3, 1), date(2026, 3, 31))
