"""Demo users and their connection, over HTTP to a real server and a real sandbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from flowzz.local import demo, prepare
from flowzz.local.demo import ADMIN_EMAIL, USER_EMAIL, Logins
from flowzz.local.http_calls import CallFailed, answers, call
from integrations.models import Integration
from sandbox.server import Sandbox

LOGINS = Logins(admin_password="one for the admin", user_password="one for the user")


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[Sandbox]:
    with Sandbox(sales=0) as sandbox:
        settings.COINZZ_API_URL = sandbox.api_url
        yield sandbox


def test_passwords_are_made_up_once_for_a_folder(tmp_path: Path) -> None:
    logins = Logins.of_folder(tmp_path)
    assert Logins.of_folder(tmp_path) == logins
    assert logins.admin_password != logins.user_password
    assert (tmp_path / "demo.env").stat().st_mode & 0o777 == 0o600


@pytest.mark.django_db
def test_users_are_created_once() -> None:
    for _ in range(2):
        prepare.create_users(LOGINS)
    users = get_user_model().objects.values_list("email", "is_superuser").order_by("email")
    assert list(users) == [(ADMIN_EMAIL, True), (USER_EMAIL, False)]


@pytest.mark.django_db
def test_users_that_another_folder_made_get_the_passwords_of_this_one() -> None:
    prepare.create_users(Logins(admin_password="of another", user_password="folder"))
    prepare.create_users(LOGINS)
    users = get_user_model().objects.order_by("email")
    assert [user.check_password(LOGINS.admin_password) for user in users] == [True, False]
    assert [user.check_password(LOGINS.user_password) for user in users] == [False, True]


@pytest.mark.django_db
def test_a_password_that_its_admin_has_changed_stays() -> None:
    prepare.create_users(LOGINS)
    admin = get_user_model().objects.get(email=ADMIN_EMAIL)
    admin.set_password("my own")
    admin.save()
    prepare.create_users(LOGINS)
    admin.refresh_from_db()
    assert admin.check_password("my own")


@pytest.mark.django_db(transaction=True)
def test_the_demo_user_is_connected_once(live_server: LiveServer, sandbox: Sandbox) -> None:
    prepare.create_users(LOGINS)
    for _ in range(2):
        demo.connect(base_url=live_server.url, sandbox_url=sandbox.base_url, logins=LOGINS)
    assert [str(each.user) for each in Integration.objects.all()] == [USER_EMAIL]


def test_a_refusal_is_told_with_its_answer(sandbox: Sandbox) -> None:
    url = f"{sandbox.base_url}/_control/orders"
    with pytest.raises(CallFailed, match=rf"^POST {url} answered 400: .*error"):
        call("POST", url, {"count": "many"})


def test_nobody_answers_where_nobody_listens() -> None:
    assert not answers("http://127.0.0.1:1")
    with pytest.raises(CallFailed, match=r"^GET http://127.0.0.1:1 has no answer"):
        call("GET", "http://127.0.0.1:1")
