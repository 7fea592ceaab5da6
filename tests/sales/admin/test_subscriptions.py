"""The admin of subscriptions."""

import pytest
from django.urls import reverse

from sales.models import Subscription
from tests.factories import NOON, UserFactory
from tests.staff import Staff

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("is_status_reported", "label"), [(True, "Pendente"), (False, "Status não informado")]
)
def test_list_says_whether_a_status_was_reported(
    staff: Staff, is_status_reported: bool, label: str
) -> None:
    Subscription.objects.create(
        user=UserFactory.create(),
        subscription_hash="ass1",
        status="PENDING",
        is_status_reported=is_status_reported,
        observed_at=NOON,
    )
    row = staff.get(reverse("admin:sales_subscription_changelist")).content.decode()
    assert ("Status não informado" in row) is not is_status_reported
    assert label in row
