from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client as Browser
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from flowzz.accounts.admin.permission_fields import VERBS
from flowzz.accounts.models import User
from tests.factories import UserFactory
from tests.staff import Staff, log_in, log_in_member

USERS = "/admin/accounts/user/"
PASSWORD = "uma senha de teste"
ACCESS = ("Operações, Suporte", "Superusuário", "Vendedor(a)")
PASSWORD_FORM = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def manager(db: None) -> Staff:
    """Staff who may only view and change users."""
    user = User.objects.create_user("gerente@flowzz.test", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    return log_in(user)


def test_new_user_can_log_in_whatever_the_case_of_the_email(staff: Staff) -> None:
    form = PASSWORD_FORM | {"email": "Nova.Vendedora@Flowzz.test", "name": "Marina Prado"}
    staff.post(f"{USERS}add/", form)
    assert User.objects.get_by_natural_key("nova.vendedora@flowzz.test").name == "Marina Prado"
    assert Browser().login(username="nova.vendedora@flowzz.test", password=PASSWORD)


def test_email_that_differs_only_in_case_is_refused(staff: Staff) -> None:
    User.objects.create_user("vendedora@flowzz.test")
    other = User.objects.create_user("outra@flowzz.test")
    for page in ("add", f"{other.id}/change"):
        form = {"email": "VENDEDORA@flowzz.test", "usable_password": "false"}
        errors = staff.post(f"{USERS}{page}/", form).context["errors"]
        assert list(errors) == [["Já existe um usuário com este e-mail."]]
    assert User.objects.filter(email__iexact="vendedora@flowzz.test").count() == 1


def test_staff_set_the_password_of_a_user(staff: Staff) -> None:
    user = User.objects.create_user("vendedora@flowzz.test", "a senha esquecida")
    staff.post(f"{USERS}{user.id}/password/", PASSWORD_FORM)
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_users_can_not_be_deleted(staff: Staff) -> None:
    user = User.objects.create_user("vendedora@flowzz.test")
    assert staff.post(f"{USERS}{user.id}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(id=user.id).exists()


def test_staff_can_not_make_themselves_superusers(manager: Staff) -> None:
    user = User.objects.get(email="gerente@flowzz.test")
    form = {"email": user.email, "name": "Gerente", "is_active": "on", "is_superuser": "on"}
    manager.post(f"{USERS}{user.id}/change/", form)
    user.refresh_from_db()
    assert (user.name, user.is_staff, user.is_superuser) == ("Gerente", True, False)


@pytest.mark.parametrize("page", ["change", "password"])
def test_staff_can_not_change_a_superuser(manager: Staff, page: str) -> None:
    superuser = User.objects.create_superuser("chefe@flowzz.test")
    assert manager.post(f"{USERS}{superuser.id}/{page}/", {}).status_code == 403


def test_list_names_groups_and_second_factor(staff: Staff) -> None:
    log_in_member("Suporte", "Operações")
    User.objects.create_user("vendedora@flowzz.test")
    member = User.objects.get(email="equipe1@flowzz.test")
    TOTPDevice.objects.create(user=member, name="app", confirmed=True)
    page: Any = admin.site.get_model_admin(User)
    shown = {
        row.email: (
            next(words for words in ACCESS if words in page.access(row)),
            page.has_second_factor(row),
        )
        for row in staff.get(USERS).context["cl"].result_list
    }
    assert shown == {
        "equipe1@flowzz.test": ("Operações, Suporte", True),
        "equipe@flowzz.test": ("Superusuário", False),
        "vendedora@flowzz.test": ("Vendedor(a)", False),
    }


def test_page_shows_no_part_of_the_password(staff: Staff) -> None:
    user = User.objects.create_user("vendedora@flowzz.test", PASSWORD)
    page = staff.get(f"{USERS}{user.id}/change/").content.decode()
    algorithm, salt, digest = user.password.split("$")
    assert [part for part in (algorithm, salt, digest[:6]) if part in page] == []
    assert "Trocar a senha" in page


@pytest.fixture
def permissions(staff: Staff) -> dict[str, list[str]]:
    """What the page of a group offers, by the title of the row."""
    group = Group.objects.get(name="Suporte")
    form = staff.get(f"/admin/auth/group/{group.id}/change/").context["adminform"].form
    return {
        title: [label for _, label in choices]
        for title, choices in form.fields["permissions"].choices
    }


def test_permissions_are_named_in_portuguese(permissions: dict[str, list[str]]) -> None:
    assert permissions["Clientes"] == ["ver", "unir e separar clientes"]
    assert "reprocessar eventos" in permissions["Usuários"]
    assert [label for labels in permissions.values() for label in labels if "Can " in label] == []


def test_only_permissions_that_pages_ask_for_are_offered(permissions: dict[str, list[str]]) -> None:
    verbs = {
        title: [label for label in labels if label in VERBS.values()]
        for title, labels in permissions.items()
    }
    assert {title: found for title, found in verbs.items() if found != ["ver"]} == {
        "Chaves de API": ["ver", "incluir", "alterar"],
        "Usuários": ["ver", "incluir", "alterar"],
        "Grupos": ["ver", "incluir", "alterar", "excluir"],
        "Configurações": ["alterar"],
        "Horários": ["ver", "incluir", "alterar", "excluir"],
        "Intervalos": ["ver", "incluir", "alterar", "excluir"],
        "Tarefas agendadas": ["ver", "incluir", "alterar", "excluir"],
        "Status não reconhecidos": ["ver", "alterar"],
    }
    pages = {str(model._meta.verbose_name_plural) for model in admin.site._registry}
    assert {title.lower() for title in verbs} == {title.lower() for title in pages} | {
        "configurações"
    }


def test_deletion_of_a_group_says_how_many_people_lose_it(staff: Staff) -> None:
    group = Group.objects.get(name="Suporte")
    UserFactory.create().groups.add(group)
    page = staff.get(reverse("admin:auth_group_delete", args=[group.id])).content.decode()
    assert "Suporte, com 1 pessoa" in page
    assert "object (" not in page


def test_saving_a_group_keeps_its_permissions(staff: Staff) -> None:
    group = Group.objects.get(name="Administração")
    url = f"/admin/auth/group/{group.id}/change/"
    before = set(group.permissions.all())
    form = staff.get(url).context["adminform"].form
    values = [permission.pk for permission in form.initial["permissions"]]
    staff.post(url, {"name": group.name, "permissions": values})
    assert set(group.permissions.all()) == before


@pytest.mark.parametrize("page", ["change", "password"])
def test_only_who_gives_access_changes_other_staff(manager: Staff, page: str) -> None:
    member = User.objects.create_user("adm@flowzz.test", PASSWORD, is_staff=True)
    seller = User.objects.create_user("vendedora@flowzz.test", PASSWORD)
    urls = [f"{USERS}{user.id}/{page}/" for user in (member, seller)]
    assert [manager.post(url, {}).status_code for url in urls] == [403, 200]
    administration = log_in_member("Administração")
    assert administration.get(urls[0]).status_code == 200


@pytest.mark.parametrize("grants", [False, True])
def test_only_who_gives_access_to_staff_changes_groups(db: None, grants: bool) -> None:
    names = ["view_group", "add_group", "change_group", "delete_group"]
    names += ["grant_staff_access"] if grants else []
    group = Group.objects.create(name="RH")
    group.permissions.set(Permission.objects.filter(codename__in=names))
    staff, url = log_in_member("RH"), f"/admin/auth/group/{group.id}"
    other = Group.objects.create(name="Outro")
    power = str(Permission.objects.get(codename="view_personal_data").id)

    answers = [
        staff.post("/admin/auth/group/add/", {"name": "Novo", "permissions": [power]}),
        staff.post(f"/admin/auth/group/{other.id}/delete/", {"post": "yes"}),
        staff.post(f"{url}/change/", {"name": "RH", "permissions": [power]}),
    ]

    assert [answer.status_code for answer in answers] == [302 if grants else 403] * 3
    assert group.permissions.filter(id=power).exists() == grants
