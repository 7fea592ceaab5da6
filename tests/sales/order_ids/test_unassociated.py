"""A sale that is not associated with an order's number is in no figure, list, export or event."""

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from flowzz.accounts.models import User
from integrations.admin.overview.current_state import read_current_state
from integrations.models import FindingKind, Integration
from integrations.providers.contracts import Page
from sales.models import Sale
from tests import payloads
from tests.api_client import Frontend
from tests.factories import NOON, SaleFactory, SyncRunFactory
from tests.integrations.sellers import Seller
from tests.integrations.sync.syncing import apply_page
from tests.sales.exports.conftest import parse_csv, post_export
from tests.staff import Staff, log_in

pytestmark = pytest.mark.django_db


def superuser() -> Staff:
    return log_in(User.objects.create_superuser("equipe@flowzz.test"))


@pytest.fixture
def counted() -> Sale:
    return SaleFactory.create(total_price=Decimal("100.00"), sale_date=NOON)


@pytest.fixture
def unassociated(counted: Sale) -> Sale:
    """A sale of the same client as the one that counts."""
    return SaleFactory.create(
        user=counted.user,
        client=counted.client,
        external_id="venaaa0001",
        order_hash="venaaa0001",
        is_associated=False,
        product_name="Escondido",
        sale_date=NOON,
    )


@pytest.fixture
def frontend(counted: Sale, unassociated: Sale) -> Frontend:
    return Frontend(counted.user)


def data(frontend: Frontend, path: str, **query: Any) -> Any:
    return frontend.fetch(path, **query).json()["data"]


def test_lists_of_sales_do_not_show_it(frontend: Frontend, counted: Sale) -> None:
    assert [row["id"] for row in data(frontend, "sales")] == [str(counted.id)]
    assert data(frontend, "sales", search="venaaa0001") == []


def test_its_own_page_does_not_exist(frontend: Frontend, unassociated: Sale) -> None:
    assert frontend.fetch(f"sales/{unassociated.id}").status_code == 404


def test_statistics_of_its_client_do_not_count_it(frontend: Frontend) -> None:
    (client,) = data(frontend, "clients")
    assert (client["salesCount"], client["totalSpent"]) == (1, "100.00")
    assert data(frontend, "clients", product="Escondido") == []


def test_dashboard_does_not_count_it(frontend: Frontend, unassociated: Sale) -> None:
    metrics = {"dateFrom": "2026-03-01", "dateTo": "2026-03-03"}
    before = data(frontend, "dashboard/metrics", **metrics)
    unassociated.delete()
    assert data(frontend, "dashboard/metrics", **metrics) == before
    assert before["revenue"] == "100.00"


def test_associating_it_counts_it(frontend: Frontend, unassociated: Sale) -> None:
    metrics = {"dateFrom": "2026-03-01", "dateTo": "2026-03-03"}
    data(frontend, "dashboard/metrics", **metrics)
    unassociated.is_associated = True
    unassociated.save()
    assert data(frontend, "dashboard/metrics", **metrics)["revenue"] == "250.99"


@pytest.mark.usefixtures("unassociated")
def test_export_leaves_it_out(counted: Sale) -> None:
    lines = parse_csv(post_export(superuser()).getvalue())
    assert [line["Pedido"] for line in lines] == [counted.external_id]


@pytest.mark.usefixtures("unassociated", "counted")
def test_list_totals_and_export_have_the_same_rows() -> None:
    SaleFactory.create(external_id="orddeleted", deleted_at=NOON)
    staff = superuser()
    everything = {"nao_associadas": "todas", "excluidas": "todas"}
    for query, number in (
        ({}, 1),
        ({"nao_associadas": "1"}, 1),
        ({"excluidas": "1"}, 1),
        ({"q": "orddeleted"}, 1),
        (everything, 3),
    ):
        listed = staff.get(reverse("admin:sales_sale_changelist"), query).context["cl"].result_list
        totals = staff.get(reverse("admin:sales_sale_totals"), query).context["totals"]
        exported = parse_csv(post_export(staff, **query).getvalue())
        assert (len(listed), totals.count, len(exported)) == (number, number, number)
    assert (totals.uncounted, totals.revenue) == (2, "R$\xa0100,00")


@pytest.mark.usefixtures("unassociated", "counted")
def test_totals_of_the_admin_leave_it_out() -> None:
    totals = superuser().get(reverse("admin:sales_sale_totals")).context["totals"]
    assert (totals.count, totals.revenue) == (1, "R$\xa0100,00")


def test_staff_find_and_filter_it(unassociated: Sale) -> None:
    url = reverse("admin:sales_sale_changelist")
    page = superuser().get(url, {"nao_associadas": "1"}).content.decode()
    assert f"{unassociated.external_id}" in page
    assert page.count("não associada<") == 1


@pytest.mark.usefixtures("unassociated")
def test_first_page_tells_staff_how_many_there_are() -> None:
    figures = {figure.label: figure.value for figure in read_current_state().other_figures}
    assert figures["Vendas não associadas"] == "1"
    Sale.objects.update(is_associated=True)
    assert "Vendas não associadas" not in {
        figure.label for figure in read_current_state().other_figures
    }


def test_sync_counts_it_as_unchanged_and_lists_it_for_staff() -> None:
    seller = Seller()
    seller.process(payloads.order("ordaaaaa"))
    run = SyncRunFactory.create(integration=seller.integration, trigger="hourly")
    item = payloads.order("-", order_number=None, order_hash="venaaa0001", product_name="X")
    page = Page(
        number=1, last_page=1, total=1, items=[item], has_next=False, fetched_at=timezone.now()
    )
    apply_page(run, page)
    assert (run.processed, run.unchanged) == (1, 1)
    assert list(run.findings.values_list("kind", "external_id")) == [
        (FindingKind.UNASSOCIATED, "venaaa0001")
    ]
    assert Integration.objects.get().sales_synced == 1
