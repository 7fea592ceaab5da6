import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from flowzz.accounts.models import StaffAction, User
from flowzz.backoffice import audit_log
from flowzz.backoffice.display import change_url
from tests.factories import ClientFactory, SaleFactory, UserFactory
from tests.security.test_staff import SUPPORT
from tests.staff import Staff, log_in_member

LIST = reverse("admin:accounts_staffaction_changelist")


@pytest.fixture
def superuser(staff: Staff) -> User:
    return User.objects.get(is_superuser=True)


@pytest.fixture
def entry(superuser: User) -> StaffAction:
    return audit_log.record(superuser, "Reprocessou eventos", None, details={"eventos": 3_000})


def test_pages_show_entries_and_change_none(staff: Staff, entry: StaffAction) -> None:
    page = change_url(entry)
    assert "<li>Eventos: 3.000</li>" in staff.get(page).content.decode()
    delete = reverse("admin:accounts_staffaction_delete", args=[entry.id])
    statuses = [staff.post(url, {}).status_code for url in (f"{LIST}add/", page, delete)]
    assert statuses == [403, 403, 403]


def test_entry_names_its_rows_as_the_reader_may_see_them(staff: Staff, superuser: User) -> None:
    client, other = ClientFactory.create(name="Iolanda Prado"), ClientFactory.create(name="Iola P")
    details = {"cliente unido": audit_log.reference(other)}
    entry = audit_log.record(superuser, "Uniu clientes", client, details=details)

    html = staff.get(change_url(entry)).content.decode()
    assert f'href="{change_url(client)}">cliente Iolanda Prado</a>' in html
    assert f'Cliente unido: <a class="bo-link" href="{change_url(other)}">Iola P</a>' in html
    masked = log_in_member(SUPPORT).get(LIST).content.decode()
    assert "cliente Io*** P***" in masked
    assert "Iola" not in masked
    assert "Iolanda" not in str(entry.details) + entry.target_label


def test_entry_about_a_row_that_is_gone_has_its_label(staff: Staff, superuser: User) -> None:
    sale = SaleFactory.create(external_id="ordsumida")
    entry = audit_log.record(superuser, "Definiu o status da venda", sale)
    sale.delete()
    assert "venda ordsumida" in staff.get(change_url(entry)).content.decode()


def test_entries_about_a_row_name_it_in_the_active_filters(staff: Staff, superuser: User) -> None:
    sale = SaleFactory.create()
    audit_log.record(superuser, "Anotou", sale)
    history = staff.get(reverse("admin:sales_sale_history", args=[sale.id]), follow=True)
    words = [(shown.label, shown.value) for shown in history.context["active_filters"]]
    assert words == [("tipo", "Venda"), ("registro", sale.external_id)]


def test_changes_and_deletions_by_admin_forms_are_logged(staff: Staff, superuser: User) -> None:
    user: User = UserFactory.create(email="antes@flowzz.test")
    form = {"email": "depois@flowzz.test", "name": "Nome Novo", "is_active": "on", "is_staff": "on"}
    form |= {"groups": str(Group.objects.get(name=SUPPORT).pk)}
    staff.post(change_url(user), form, REMOTE_ADDR="192.0.2.7")
    group = Group.objects.create(name="Estágio")
    staff.post(reverse("admin:auth_group_change", args=[group.id]), {"name": "Estágio 2"})
    staff.post(reverse("admin:auth_group_delete", args=[group.id]), {"post": "yes"})

    changed, renamed, deleted = StaffAction.objects.order_by("created_at")
    assert (changed.action, changed.actor) == ("Alterou", superuser)
    assert changed.ip_address == "192.0.2.7"
    assert changed.details == {
        "E-mail": "alterado",
        "Nome": "alterado",
        "Equipe": {"before": "não", "after": "sim"},
        "Grupos": {"before": [], "after": [SUPPORT]},
    }
    assert renamed.details == {"Nome": {"before": "Estágio", "after": "Estágio 2"}}
    assert (deleted.action, deleted.target_label) == ("Excluiu", "grupo Estágio 2")
    assert "Nome: Estágio → Estágio 2" in staff.get(LIST).content.decode()
    history = staff.get(reverse("admin:accounts_user_history", args=[user.id]), follow=True)
    assert list(history.context["cl"].result_list) == [changed]


def test_a_new_password_is_not_in_the_log(staff: Staff) -> None:
    user: User = UserFactory.create()
    password = "um texto bem secreto"
    url = reverse("admin:auth_user_password_change", args=[user.pk])
    staff.post(url, {"password1": password, "password2": password, "usable_password": "true"})
    assert StaffAction.objects.get().details == {"Senha": "alterado"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ordbusc", ["venda"]),
        ("4512", ["venda"]),
        ("definiu", ["venda"]),
        ("Iolanda", ["cliente"]),
        ("compradora@exemplo.com.br", ["cliente"]),
        ("chefe@flowzz", ["cliente", "venda"]),
        ("ninguém", []),
    ],
)
def test_search_finds_what_the_list_shows(
    staff: Staff, entry: StaffAction, text: str, expected: list[str]
) -> None:
    actor: User = UserFactory.create(email="chefe@flowzz.test", is_staff=True)
    client = ClientFactory.create(name="Iolanda Prado", email="compradora@exemplo.com.br")
    audit_log.record(actor, "Revelou dados pessoais", client)
    sale = SaleFactory.create(external_id="ordbuscada")
    audit_log.record(actor, "Definiu o status da venda", sale, reason="Atendimento 4512")

    found = staff.get(LIST, {"q": text}).context["cl"].result_list
    assert sorted(action.target_label.split()[0] for action in found) == expected


def test_list_is_filtered_by_actor_action_and_period(staff: Staff, entry: StaffAction) -> None:
    actor: User = UserFactory.create(is_staff=True)
    newer = audit_log.record(actor, "Desconectou", None)
    for query, expected in [
        ({"actor": str(actor.id)}, [newer]),
        ({"action": "Reprocessou eventos"}, [entry]),
        ({"days": "7"}, [newer, entry]),
        ({"actor": "nobody", "days": "x"}, [newer, entry]),
    ]:
        assert list(staff.get(LIST, query).context["cl"].result_list) == expected
