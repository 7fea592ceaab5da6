"""The page of users."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client as Browser

from flowzz.accounts.models import User

USERS = "/admin/accounts/user/"


@pytest.fixture
def superuser(db: None) -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("equipe@flowzz.test"))
    return browser


@pytest.fixture
def manager(db: None) -> Browser:
    """Staff who may change users, and no more."""
    user = User.objects.create_user("gerente@flowzz.test", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    browser = Browser()
    browser.force_login(user)
    return browser


def test_new_user_can_log_in_however_the_address_was_typed(superuser: Browser) -> None:
    form = {
        "email": "Nova.Vendedora@Flowzz.test",
        "name": "Marina Prado",
        "usable_password": "true",
        "password1": "uma senha de teste",
        "password2": "uma senha de teste",
    }
    superuser.post(f"{USERS}add/", form)
    assert User.objects.get_by_natural_key("nova.vendedora@flowzz.test").name == "Marina Prado"
    assert Browser().login(username="nova.vendedora@flowzz.test", password="uma senha de teste")


def test_address_that_differs_in_case_alone_is_refused(superuser: Browser) -> None:
    User.objects.create_user("vendedora@flowzz.test")
    form = {"email": "VENDEDORA@flowzz.test", "usable_password": "false"}
    assert superuser.post(f"{USERS}add/", form).status_code == 200
    assert User.objects.filter(email__iexact="vendedora@flowzz.test").count() == 1


def test_password_can_be_set_for_somebody(superuser: Browser) -> None:
    user = User.objects.create_user("vendedora@flowzz.test", "a senha esquecida")
    form = {
        "usable_password": "true",
        "password1": "uma senha de teste",
        "password2": "uma senha de teste",
    }
    superuser.post(f"{USERS}{user.id}/password/", form)
    user.refresh_from_db()
    assert user.check_password("uma senha de teste")


def test_users_are_never_deleted(superuser: Browser) -> None:
    user = User.objects.create_user("vendedora@flowzz.test")
    assert superuser.post(f"{USERS}{user.id}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(id=user.id).exists()


def test_staff_do_not_raise_themselves(manager: Browser) -> None:
    user = User.objects.get(email="gerente@flowzz.test")
    form = {"email": user.email, "name": "Gerente", "is_active": "on", "is_superuser": "on"}
    manager.post(f"{USERS}{user.id}/change/", form)
    user.refresh_from_db()
    assert (user.name, user.is_staff, user.is_superuser) == ("Gerente", True, False)


@pytest.mark.parametrize("page", ["change", "password"])
def test_staff_do_not_take_over_a_superuser(manager: Browser, page: str) -> None:
    above = User.objects.create_superuser("chefe@flowzz.test")
    assert manager.post(f"{USERS}{above.id}/{page}/", {}).status_code == 403
