"""What staff read of an alert, and where it leads them."""

import re
from html import unescape

import pytest
from django.urls import reverse

from integrations.models import Alert, AlertKind
from tests.factories import IntegrationFactory
from tests.staff import Staff


@pytest.mark.parametrize("kind", AlertKind)
@pytest.mark.parametrize("is_of_one", [True, False])
def test_every_alert_leads_to_where_it_is_solved(
    staff: Staff, kind: AlertKind, is_of_one: bool
) -> None:
    integration = IntegrationFactory.create() if is_of_one else None
    alert = Alert.objects.create(kind=kind, message="Algo parou.", integration=integration)
    page = staff.get(reverse("admin:integrations_alert_change", args=[alert.id]))
    html = unescape(page.content.decode())
    ways = re.findall(r'<a class="bo-link" href="([^"]+)"', html)
    assert [staff.get(way).status_code for way in ways] == [200]
    assert "Aberto em" in html
