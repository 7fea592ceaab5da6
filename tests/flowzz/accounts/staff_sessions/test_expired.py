"""What staff see whose session has expired."""

import pytest
from django.test import Client as Browser
from django.urls import reverse

from flowzz.accounts.staff_sessions.expired import EXPIRED, STOP_POLLING
from tests.staff import Staff, messages_in

pytestmark = pytest.mark.django_db
FRAGMENT = reverse("backoffice:overview")


def test_part_of_a_page_becomes_a_note_with_a_way_back() -> None:
    page = "https://flowzz.test/admin/?periodo=7d"
    response = Browser().get(FRAGMENT, headers={"HX-Request": "true", "HX-Current-URL": page})
    html = response.content.decode()
    assert (response.status_code, response.headers["HX-Retarget"]) == (STOP_POLLING, "#page-note")
    assert "Sua sessão expirou." in html
    assert 'href="/admin/login/?next=%2Fadmin%2F%3Fperiodo%3D7d"' in html
    assert "<form" not in html


def test_login_says_so_after_a_session_and_not_at_the_first_visit(staff: Staff) -> None:
    staff.session.flush()
    assert messages_in(staff.get("/admin/sales/sale/")) == [EXPIRED]
    assert messages_in(Browser().get("/admin/sales/sale/")) == []


def test_part_of_a_page_stays_itself_with_a_session(staff: Staff) -> None:
    response = staff.get(FRAGMENT, headers={"HX-Request": "true"})
    assert (response.status_code, "HX-Retarget" in response.headers) == (200, False)


def test_log_out_is_no_expired_session(staff: Staff) -> None:
    response = staff.post("/admin/logout/")
    assert messages_in(response) == []
