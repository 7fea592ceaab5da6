import re

import pytest
from django.urls import reverse

from flowzz.backoffice.pages.help import SECTIONS, read_help, section_about
from tests.staff import Staff, log_in_member

HELP = reverse("backoffice:help")


def test_every_section_that_a_page_leads_to_exists() -> None:
    _, headings = read_help()
    assert set(SECTIONS.values()) <= {title for _, title in headings}


def test_links_stay_in_the_page() -> None:
    html, _ = read_help()
    assert re.findall(r'href="(?!#)[^"]*"', html) == []


@pytest.mark.parametrize(
    ("view_name", "anchor"),
    [
        ("admin:sales_sale_change", "vendas-e-clientes"),
        ("admin:sales_export_changelist", "exportar"),
        ("admin:accounts_staffaction_changelist", "permissoes"),
        ("backoffice:quarantine_group", "quarentena"),
        ("", ""),
    ],
)
def test_section_about_a_page(view_name: str, anchor: str) -> None:
    assert section_about(view_name) == anchor


@pytest.mark.django_db
def test_each_page_leads_to_its_part_of_the_help() -> None:
    staff = log_in_member("Suporte")
    page = staff.get(reverse("backoffice:quarantine")).content.decode()
    [link] = re.findall(rf'href="({HELP}[^"]*)"', page)
    assert staff.get(link).headers["Location"] == f"{HELP}#quarentena"


@pytest.mark.django_db
def test_help_shows_the_document_without_pictures_and_table(staff: Staff) -> None:
    html = staff.get(HELP).content.decode()
    assert '<h2 id="quarentena">Quarentena</h2>' in html
    assert [
        text for text in ("images/", "| --- |", "webhookevent_replay_one") if text in html
    ] == []
