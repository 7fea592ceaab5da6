import pytest
from django.contrib.auth.models import Permission
from django.test import Client as Browser

from flowzz.accounts.models import User
from tests.staff import Staff, log_in

USERS = "/admin/accounts/user/"
PASSWORD = "uma senha de teste"
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
    form = {"email": "VENDEDORA@flowzz.test", "usable_password": "false"}
    assert staff.post(f"{USERS}add/", form).status_code == 200
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
