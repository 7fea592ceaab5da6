import pytest
from django.urls import reverse

from flowzz.accounts.models import SavedView
from flowzz.backoffice.display import list_url
from flowzz.backoffice.lists.saved_views import MAX_VIEWS
from sales.models import Sale
from tests.staff import Staff, log_in_member, messages_in

pytestmark = pytest.mark.django_db
SAVE = reverse("saved_views:save")
QUERY = "status__exact=PAID&status__exact=SHIPPED&o=1"


def save(staff: Staff, name: str, query: str = QUERY, page: str = "sales.sale") -> str:
    return messages_in(staff.post(SAVE, {"name": name, "query": query, "page": page}))[-1]


def shown(staff: Staff, query: str = "") -> list[tuple[str, bool]]:
    views = staff.get(f"{list_url(Sale)}?{query}").context["saved_views"]
    return [(view.name, view.is_open) for view in views]


def test_view_keeps_filters_and_order_without_search_page_and_empty_fields() -> None:
    staff = log_in_member("Suporte")
    assert (
        save(staff, " Pagas ", f"q=123.456.789-09&{QUERY}&p=3&produto=") == "Visão “Pagas” salva."
    )
    assert SavedView.objects.get().query == QUERY
    assert shown(staff) == [("Pagas", False)]
    assert shown(staff, f"{QUERY}&p=2") == [("Pagas", True)]


def test_same_name_replaces_the_view() -> None:
    staff = log_in_member("Suporte")
    save(staff, "Pagas")
    save(staff, "Pagas", "status__exact=PAID")
    assert SavedView.objects.get().query == "status__exact=PAID"


def test_views_belong_to_one_person() -> None:
    staff, other = log_in_member("Suporte"), log_in_member("Suporte")
    save(staff, "Pagas")
    assert shown(other) == []
    url = reverse("saved_views:delete", args=[SavedView.objects.get().id])
    assert other.post(url).status_code == 404
    assert messages_in(staff.post(url))[-1] == "Visão “Pagas” excluída."
    assert SavedView.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "query"),
    [("", QUERY), ("Todas", "q=ana"), ("Longa", f"produto={'x' * SavedView.MAX_QUERY}")],
)
def test_view_without_name_or_filter_is_refused(name: str, query: str) -> None:
    staff = log_in_member("Suporte")
    assert save(staff, name, query) == "Aplique um filtro e dê um nome à visão."
    assert SavedView.objects.count() == 0


def test_number_of_views_is_limited() -> None:
    staff = log_in_member("Suporte")
    for number in range(MAX_VIEWS):
        save(staff, f"Visão {number}")
    assert (
        save(staff, "Mais uma") == f"Você já tem {MAX_VIEWS} visões desta lista. Exclua uma antes."
    )


@pytest.mark.parametrize(
    ("page", "status"),
    [("sales.sale", 403), ("auth.permission", 404), ("none.none", 404), ("", 404)],
)
def test_only_visible_lists_have_views(page: str, status: int) -> None:
    staff = log_in_member()
    response = staff.post(SAVE, {"name": "Pagas", "query": QUERY, "page": page})
    assert response.status_code == status


def test_character_that_no_column_can_hold_is_left_out_of_a_name() -> None:
    assert save(log_in_member("Suporte"), "Pa\0gas") == "Visão “Pagas” salva."
