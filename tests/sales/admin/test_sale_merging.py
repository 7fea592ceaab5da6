"""Staff merge two sales, separate them again, and count sales that wait for their number."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from flowzz.accounts.models import StaffAction, User
from flowzz.backoffice.display import change_url
from sales.models import Sale, SaleMerge
from tests.factories import NOON, ClientFactory, SaleFactory
from tests.staff import Staff, log_in, log_in_member, messages_in

pytestmark = pytest.mark.django_db
REASON = {"reason": "atendimento 12"}


@pytest.fixture
def staff() -> Staff:
    return log_in(User.objects.create_superuser("equipe@flowzz.test"))


@pytest.fixture
def by_hash() -> Sale:
    return SaleFactory.create(
        external_id="venaaa0001", order_hash="venaaa0001", is_associated=False
    )


@pytest.fixture
def by_number(by_hash: Sale) -> Sale:
    return SaleFactory.create(user=by_hash.user, external_id="ordaaaaa")


def page_of(sale: Sale, name: str = "change") -> str:
    return reverse(f"admin:sales_sale_{name}", args=[sale.id])


def test_sales_are_merged_after_both_were_shown(
    staff: Staff, by_hash: Sale, by_number: Sale
) -> None:
    url, form = page_of(by_hash, "merge"), {**REASON, "other": "ordaaaaa"}
    shown = staff.post(url, form).content.decode()
    assert f'value="{by_number.id}"' in shown
    assert "A mais antiga fica, com o que foi informado por último." in shown
    assert Sale.objects.count() == 2
    response = staff.post(url, {**form, "confirmed": str(by_number.id)})
    assert response.headers["Location"] == page_of(by_hash)
    sale = Sale.objects.get()
    assert (sale.order_ids, sale.is_associated) == (["ordaaaaa", "venaaa0001"], True)
    assert StaffAction.objects.get(action="Uniu vendas").reason == REASON["reason"]


@pytest.mark.parametrize("is_older", [True, False])
def test_page_says_that_merging_into_the_sale_of_an_erased_buyer_is_final(
    staff: Staff, by_hash: Sale, by_number: Sale, *, is_older: bool
) -> None:
    erased = by_hash if is_older else by_number
    erased.client = ClientFactory.create(user=by_hash.user, erased_at=NOON)
    erased.save()
    for sale, other in ((by_hash, "ordaaaaa"), (by_number, "venaaa0001")):
        page = staff.post(page_of(sale, "merge"), {**REASON, "other": other}).content.decode()
        final = "Os dados do comprador foram apagados, por isso não pode ser desfeito."
        assert (final if is_older else "Pode ser desfeito.") in page


@pytest.mark.parametrize("other", ["ordzzzzz", "venaaa0001"])
def test_unknown_sale_is_named(staff: Staff, by_hash: Sale, other: str) -> None:
    html = staff.post(page_of(by_hash, "merge"), {**REASON, "other": other}).content.decode()
    assert "Nenhuma outra venda desta conta" in html


def test_page_of_a_merged_sale_leads_to_the_other_which_offers_to_undo(
    staff: Staff, by_hash: Sale, by_number: Sale
) -> None:
    form = {**REASON, "other": "ordaaaaa", "confirmed": str(by_number.id)}
    staff.post(page_of(by_hash, "merge"), form)
    assert staff.get(page_of(by_number)).headers["Location"] == page_of(by_hash)
    undo = reverse("admin:sales_sale_undo", args=[SaleMerge.objects.get().id])
    html = staff.get(page_of(by_hash)).content.decode()
    assert undo in html
    assert "https://app.coinzz.com.br/pedido/venaaa0001" in html
    staff.post(undo, REASON)
    assert sorted(Sale.objects.values_list("external_id", flat=True)) == ["ordaaaaa", "venaaa0001"]
    assert staff.get(page_of(by_number)).status_code == 200


def test_merge_and_undo_are_one_entry_each_of_the_timeline(
    staff: Staff, by_hash: Sale, by_number: Sale
) -> None:
    form = {**REASON, "other": "ordaaaaa", "confirmed": str(by_number.id)}
    staff.post(page_of(by_hash, "merge"), form)
    merge = SaleMerge.objects.get()
    undo = reverse("admin:sales_sale_undo", args=[merge.id])
    merged = [
        "A venda ordaaaaa é o mesmo pedido",
        f'<a class="bo-link" href="{undo}">Desfazer</a>',
        "Motivo: atendimento 12",
    ]
    entries = staff.get(page_of(by_hash)).context["timeline"].entries
    assert [(entry.title, entry.lines) for entry in entries] == [("Uniu vendas", merged)]

    staff.post(undo, REASON)

    entries = staff.get(page_of(by_hash)).context["timeline"].entries
    actions = StaffAction.objects.order_by("-created_at")
    assert [(entry.title, entry.lines, entry.at, entry.by, entry.href) for entry in entries] == [
        (action.action, lines, action.created_at, str(action.actor), change_url(action))
        for action, lines in zip(
            actions, (["A venda ordaaaaa voltou", merged[-1]], [merged[0], merged[-1]]), strict=True
        )
    ]


def test_merge_is_an_entry_without_the_log_for_who_may_not_read_it(
    staff: Staff, by_hash: Sale, by_number: Sale
) -> None:
    form = {**REASON, "other": "ordaaaaa", "confirmed": str(by_number.id)}
    staff.post(page_of(by_hash, "merge"), form)
    member = log_in_member("Suporte")
    Group.objects.get(name="Suporte").permissions.remove(
        Permission.objects.get(codename="view_staffaction")
    )

    (entry,) = member.get(page_of(by_hash)).context["timeline"].entries

    assert (entry.title, entry.by, entry.href) == ("União de vendas", "equipe@flowzz.test", "")
    assert entry.lines == ["A venda ordaaaaa é o mesmo pedido"]


def test_unassociated_sale_is_counted_on_its_page(staff: Staff, by_hash: Sale) -> None:
    assert page_of(by_hash, "associate") in staff.get(page_of(by_hash)).content.decode()
    staff.post(page_of(by_hash, "associate"), REASON)
    by_hash.refresh_from_db()
    assert by_hash.is_associated
    # It counts already: the button is gone.
    assert page_of(by_hash, "associate") not in staff.get(page_of(by_hash)).content.decode()


def test_unassociated_sales_are_counted_in_the_list(staff: Staff, by_hash: Sale) -> None:
    form = {"action": "count_unassociated", "_selected_action": [str(by_hash.id)]}
    response = staff.post(reverse("admin:sales_sale_changelist") + "?nao_associadas=1", form)
    assert messages_in(response) == ["1 venda passou a entrar nos números."]
    by_hash.refresh_from_db()
    assert by_hash.is_associated


@pytest.mark.parametrize("name", ["merge", "associate"])
def test_support_may_neither_merge_nor_count(by_hash: Sale, name: str) -> None:
    assert log_in_member("Suporte").post(page_of(by_hash, name), REASON).status_code == 403
