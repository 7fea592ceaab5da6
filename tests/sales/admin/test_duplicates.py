"""Possible duplicates: suggested where only names differ, merged after a preview or dismissed."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from clients.models import Client, ClientMerge, MergeSuggestion
from flowzz.accounts.models import StaffAction, User
from tests import payloads
from tests.integrations.sellers import Seller
from tests.staff import Staff, log_in

pytestmark = pytest.mark.django_db
LIST = reverse("admin:clients_mergesuggestion_changelist")


def order(number: str, name: str, document: str = "", phone: str = "11987650001") -> Any:
    client = {"client_name": name, "client_documment": document, "client_phone": phone}
    return payloads.order(number) | {"client": client}


@pytest.fixture
def suggestion() -> MergeSuggestion:
    Seller().process(order("ordaaaaa", "Marina Prado"), order("ordbbbbb", "Ana Prado"))
    return MergeSuggestion.objects.get()


def url(name: str, suggestion: MergeSuggestion) -> str:
    return reverse(f"admin:clients_mergesuggestion_{name}", args=[suggestion.id])


def menu_badge(staff: Staff) -> str:
    html = staff.get("/admin/").content.decode()
    found = re.search(r"Possíveis duplicados.*?<span[^>]*>\s*(\d+\+?)\s*</span>", html, re.DOTALL)
    return found[1] if found else ""


def test_clients_that_only_their_names_separate_are_suggested_once(
    suggestion: MergeSuggestion,
) -> None:
    assert (suggestion.first.name, suggestion.second.name) == ("Marina Prado", "Ana Prado")


@pytest.mark.parametrize(
    "orders",
    [
        [("Marina Prado", "29141777638"), ("Ana Prado", "73410003762")],
        [("Marina Prado", ""), ("Ana Prado", "", "11999999999")],
        [("Marina Prado", ""), ("Marina Alves", "")],
    ],
    ids=["two documents", "another phone", "a match"],
)
def test_other_pairs_are_not_suggested(orders: list[tuple[str, ...]]) -> None:
    Seller().process(*(order(f"ordaaaa{n}", *values) for n, values in enumerate(orders)))
    assert not MergeSuggestion.objects.exists()


def test_phone_of_many_clients_gives_few_suggestions() -> None:
    names = [f"{chr(65 + n)}na Prado" for n in range(8)]
    Seller().process(*(order(f"ordaaaa{n}", name) for n, name in enumerate(names)))
    assert (Client.objects.count(), MergeSuggestion.objects.count()) == (8, 6)


def test_preview_says_what_a_merge_moves_and_changes_nothing(
    staff: Staff, suggestion: MergeSuggestion
) -> None:
    assert url("merge", suggestion) in staff.get(LIST).content.decode()

    page = staff.get(url("merge", suggestion))

    assert page.context["moved"] == "1 venda e 0 assinaturas"
    assert page.context["rows"][0] == ("Nome", "Marina Prado", "Ana Prado", "Marina Prado")
    assert url("dismiss", suggestion) in page.content.decode()
    assert not ClientMerge.objects.exists()


def test_page_of_a_suggestion_leads_those_who_decide_to_the_preview(
    staff: Staff, suggestion: MergeSuggestion
) -> None:
    response = staff.get(url("change", suggestion))
    assert response.headers["Location"] == url("merge", suggestion)

    staff.post(url("dismiss", suggestion))

    assert staff.get(url("change", suggestion)).status_code == 404


def test_confirmed_merge_has_a_log_entry(staff: Staff, suggestion: MergeSuggestion) -> None:
    assert menu_badge(staff) == "1"

    response = staff.post(url("merge", suggestion), follow=True)

    assert "1 venda passou para um só" in response.content.decode()
    assert Client.objects.get(name="Ana Prado").merged_into == suggestion.first
    entry = StaffAction.objects.get()
    assert (entry.action, entry.reason) == ("Uniu clientes", "Possível duplicado")
    assert url("merge", suggestion) not in response.content.decode()
    assert menu_badge(staff) == "0"
    assert staff.post(url("merge", suggestion)).status_code == 404


def test_menu_shows_the_number_of_suggestions_unless_there_are_none(
    staff: Staff, suggestion: MergeSuggestion
) -> None:
    badge = re.compile(r"<span class=\"font-semibold h-\[18px\][^>]*>([^<]*)</span>")
    assert badge.findall(staff.get("/admin/").content.decode())[:1] == ["1"]

    suggestion.delete()

    assert badge.findall(staff.get("/admin/").content.decode()) == []


def test_dismissed_pair_is_not_suggested_again(staff: Staff, suggestion: MergeSuggestion) -> None:
    response = staff.post(url("dismiss", suggestion), follow=True)

    assert "Dispensado" in response.content.decode()
    assert url("merge", suggestion) not in response.content.decode()
    assert StaffAction.objects.get().action == "Dispensou possível duplicado"
    assert not ClientMerge.objects.exists()
    assert MergeSuggestion.objects.pending().count() == 0


def test_viewers_see_masked_names_and_no_buttons(suggestion: MergeSuggestion) -> None:
    user = User.objects.create_user("consulta@flowzz.test", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_mergesuggestion"))
    viewer = log_in(user)

    html = viewer.get(LIST).content.decode()

    assert ("Ma*** P***" in html, "Prado" in html, "formaction" in html) == (True, False, False)
    groups = viewer.get(url("change", suggestion)).context["value_groups"]
    assert [str(group.values[0].value) for group in groups] == ["Ma*** P***", "An*** P***"]
    for name in ("merge", "dismiss"):
        assert viewer.post(url(name, suggestion)).status_code == 403
