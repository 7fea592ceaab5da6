"""The active filters of a list, in words, each with the URL that removes it."""

import pytest

from flowzz.backoffice.display import list_url
from integrations.models import WebhookEvent
from sales.models import Sale
from tests.integrations.admin.rows import make_rows
from tests.staff import Staff

pytestmark = pytest.mark.django_db


def active_filters(staff: Staff, url: str) -> list[tuple[str, str, str]]:
    return [
        (active.label, active.value, active.removal)
        for active in staff.get(url).context["active_filters"]
    ]


def test_each_value_is_named_and_removed_alone(staff: Staff) -> None:
    url = list_url(Sale, status__exact=("PAID", "SHIPPED"), usuario="ana@flowzz.test", q="ord1")
    rest = "usuario=ana%40flowzz.test&q=ord1"
    assert active_filters(staff, url) == [
        ("status", "Pago", f"?status__exact=SHIPPED&{rest}"),
        ("status", "Enviado", f"?status__exact=PAID&{rest}"),
        (
            "vendedor(a) (e-mail)",
            "ana@flowzz.test",
            "?status__exact=PAID&status__exact=SHIPPED&q=ord1",
        ),
    ]


def test_links_of_charts_are_named(staff: Staff) -> None:
    make_rows(1)
    event = WebhookEvent.objects.filter(integration__isnull=False).latest("id")
    url = list_url(
        WebhookEvent,
        received_at__gte="2026-11-29T07:00:00-03:00",
        integration__id__exact=event.integration_id,
        cause__exact="invalid_json",
    )
    assert [words[:2] for words in active_filters(staff, url)] == [
        ("recebido em", "desde 29/11/2026 07:00"),
        ("integração", str(event.integration)),
        ("causa", "O corpo não é um JSON válido"),
    ]


def test_empty_fields_and_other_parameters_are_no_filters(staff: Staff) -> None:
    assert active_filters(staff, list_url(Sale, produto="", o="1", p="2")) == []


def test_day_that_can_not_be_read_is_named(staff: Staff) -> None:
    url = list_url(Sale, sale_date_from="31/02/2026", sale_date_to="01/03/2026")
    assert [words[:2] for words in active_filters(staff, url)] == [
        ("data da venda", "desde “31/02/2026”, que não é uma data (dd/mm/aaaa)"),
        ("data da venda", "até 01/03/2026"),
    ]
