"""The link of an alert to the page where staff resolve it."""

import re
from html import unescape

import pytest
from django.urls import reverse

from integrations.models import Alert, AlertKind
from tests.factories import IntegrationFactory
from tests.staff import Staff


@pytest.mark.parametrize("kind", AlertKind)
@pytest.mark.parametrize("has_integration", [True, False])
def test_every_alert_links_the_page_where_it_is_resolved(
    staff: Staff, kind: AlertKind, has_integration: bool
) -> None:
    integration = IntegrationFactory.create() if has_integration else None
    alert = Alert.objects.create(kind=kind, message="Algo parou.", integration=integration)
    page = staff.get(reverse("admin:integrations_alert_change", args=[alert.id]))
    html = unescape(page.content.decode())
    links = re.findall(r'<a class="bo-link" href="([^"]+)"', html)
    assert [staff.get(link).status_code for link in links] == [200]
    assert "Aberto em" in html
