"""The admin of subscriptions and affiliation requests."""

import pytest
from django.urls import reverse

from flowzz.backoffice.display import change_url
from sales.models import AffiliationRequest, Subscription
from tests.factories import NOON, UserFactory
from tests.staff import Staff, log_in_member

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


@pytest.fixture
def affiliation() -> AffiliationRequest:
    return AffiliationRequest.objects.create(
        user=UserFactory.create(),
        fingerprint="1",
        affiliate_name="Nara Luz",
        affiliate_email="nara@exemplo.com.br",
        affiliate_phone="62954544554",
        observed_at=NOON,
    )


AFFILIATIONS = "admin:sales_affiliationrequest_changelist"


def test_phone_of_an_affiliate_is_written_as_people_do(
    staff: Staff, affiliation: AffiliationRequest
) -> None:
    for url in (reverse(AFFILIATIONS), change_url(affiliation)):
        page = staff.get(url).content.decode()
        assert '<span class="whitespace-nowrap">(62) 95454-4554</span>' in page
        assert "62954544554" not in page


@pytest.mark.parametrize("is_member", [False, True])
@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("(62) 95454-4554", True),
        ("+55 62 95454-4554", True),
        ("62954544554", True),
        ("(62) 95454-4555", False),
    ],
)
def test_affiliate_is_found_by_a_phone_in_any_format(
    staff: Staff, affiliation: AffiliationRequest, text: str, is_found: bool, is_member: bool
) -> None:
    reader = log_in_member("Suporte") if is_member else staff
    found = reader.get(reverse(AFFILIATIONS), {"q": text}).context["cl"].result_list
    assert [row.id for row in found] == [affiliation.id] * is_found
