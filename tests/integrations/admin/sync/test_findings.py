"""The page of a finding of a sync run: what it means, and where to go on."""

import pytest
from django.urls import reverse

from flowzz.backoffice.display import change_url
from integrations.models import FindingKind, SyncFinding
from tests.factories import SaleFactory, SyncRunFactory
from tests.staff import Staff

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", FindingKind)
def test_page_explains_the_finding_and_links_to_the_sale(staff: Staff, kind: FindingKind) -> None:
    run = SyncRunFactory.create()
    sale = SaleFactory.create(user=run.integration.user)
    finding = SyncFinding.objects.create(run=run, kind=kind, external_id=sale.external_id)

    response = staff.get(change_url(finding))

    (notice,) = response.context["notices"]
    html = response.content.decode()
    assert notice.text in html
    links = [change_url(row) in html for row in (sale, run.integration, run)]
    assert links == [True, True, True]


@pytest.mark.parametrize(
    ("kind", "is_linked"),
    [
        (FindingKind.ERROR, False),
        (FindingKind.MISSED, True),
        (FindingKind.DIFFERS, True),
        (FindingKind.UNASSOCIATED, False),
        (FindingKind.WARNING, False),
    ],
)
def test_what_webhooks_missed_leads_to_the_diagnosis(
    staff: Staff, kind: FindingKind, is_linked: bool
) -> None:
    finding = SyncFinding.objects.create(run=SyncRunFactory.create(), kind=kind)
    url = reverse("admin:integrations_integration_diagnosis", args=[finding.run.integration_id])
    (notice,) = staff.get(change_url(finding)).context["notices"]
    assert notice.href == (url if is_linked else "")


def test_order_without_a_sale_leads_to_where_it_may_be(staff: Staff) -> None:
    run = SyncRunFactory.create()
    other = SaleFactory.create()
    finding = SyncFinding.objects.create(
        run=run, kind=FindingKind.ERROR, external_id=other.external_id
    )
    html = staff.get(change_url(finding)).content.decode()
    assert f"{reverse('backoffice:missing_order')}?pedido={other.external_id}" in html
    assert change_url(other) not in html
