"""Pages refuse URLs with null characters."""

import pytest

from tests.staff import Staff


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["busca?q=ana%00", "quarentena/grupo?cause=%00", "sales/sale/?status__exact=%00"]
)
def test_page_refuses_a_null_character(staff: Staff, path: str) -> None:
    response = staff.get(f"/admin/{path}")
    assert response.status_code == 400
    assert "Confira o endereço e tente de novo." in response.content.decode()


@pytest.mark.django_db
def test_escaped_percent_sign_is_no_null_character(staff: Staff) -> None:
    assert staff.get("/admin/busca?q=ana%2500").status_code == 200
