"""The demo's users and their connection, over HTTP to a real server and a real sandbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from flowzz.local import demo, prepare
from flowzz.local.demo import ADMIN_EMAIL, USER_EMAIL, WEBHOOK_USER_EMAIL, DemoPasswords
from flowzz.local.http_calls import CallFailed, call, is_up
from integrations.models import Integration
from sandbox.server import Sandbox

PASSWORDS = DemoPasswords(
    admin="password of the admin", user="password of the user", webhook_user="of the other user"
)


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[Sandbox]:
    with Sandbox(sales=0) as sandbox:
        settings.COINZZ_API_URL = sandbox.api_url
        yield sandbox


def test_passwords_are_generated_once_per_folder(tmp_path: Path) -> None:
    passwords = DemoPasswords.load_or_create(tmp_path)
    assert DemoPasswords.load_or_create(tmp_path) == passwords
    assert len({passwords.admin, passwords.user, passwords.webhook_user}) == 3
    assert (tmp_path / "demo.env").stat().st_mode & 0o777 == 0o600


def test_passwords_of_an_older_folder_are_kept(tmp_path: Path) -> None:
    (tmp_path / "demo.env").write_text("ADMIN_PASSWORD=older\nUSER_PASSWORD=old\n")
    passwords = DemoPasswords.load_or_create(tmp_path)
    assert (passwords.admin, passwords.user) == ("older", "old")
    assert DemoPasswords.load_or_create(tmp_path) == passwords


@pytest.mark.django_db
def test_users_are_created_once() -> None:
    for _ in range(2):
        prepare.create_users(PASSWORDS)
    users = get_user_model().objects.values_list("email", "is_superuser").order_by("email")
    assert list(users) == [(ADMIN_EMAIL, True), (WEBHOOK_USER_EMAIL, False), (USER_EMAIL, False)]


@pytest.mark.django_db
def test_first_administrator_is_created_once() -> None:
    assert prepare.create_administrator("the first password")
    assert not prepare.create_administrator("another password")
    admin = get_user_model().objects.get(email=ADMIN_EMAIL)
    assert admin.is_superuser
    assert admin.check_password("the first password")


@pytest.mark.django_db
def test_users_of_another_folder_get_this_folders_passwords() -> None:
    prepare.create_users(DemoPasswords(admin="of", user="another", webhook_user="folder"))
    prepare.create_users(PASSWORDS)
    users = {user.email: user for user in get_user_model().objects.all()}
    assert users[ADMIN_EMAIL].check_password(PASSWORDS.admin)
    assert users[USER_EMAIL].check_password(PASSWORDS.user)
    assert users[WEBHOOK_USER_EMAIL].check_password(PASSWORDS.webhook_user)


@pytest.mark.django_db
def test_webhook_user_is_added_beside_users_of_an_older_version() -> None:
    prepare.create_users(PASSWORDS)
    get_user_model().objects.get(email=WEBHOOK_USER_EMAIL).delete()
    admin = get_user_model().objects.get(email=ADMIN_EMAIL)
    prepare.create_users(PASSWORDS)
    assert get_user_model().objects.get(email=ADMIN_EMAIL).password == admin.password
    assert get_user_model().objects.filter(email=WEBHOOK_USER_EMAIL).exists()


@pytest.mark.django_db
def test_changed_admin_password_is_kept() -> None:
    prepare.create_users(PASSWORDS)
    admin = get_user_model().objects.get(email=ADMIN_EMAIL)
    admin.set_password("my own")
    admin.save()
    prepare.create_users(PASSWORDS)
    admin.refresh_from_db()
    assert admin.check_password("my own")


@pytest.mark.django_db(transaction=True)
def test_sellers_are_connected_once(live_server: LiveServer, sandbox: Sandbox) -> None:
    prepare.create_users(PASSWORDS)
    for _ in range(2):
        demo.connect(base_url=live_server.url, sandbox_url=sandbox.base_url, passwords=PASSWORDS)
    integrations = Integration.objects.values_list("user__email", "mode", "status")
    assert sorted(integrations) == [
        (WEBHOOK_USER_EMAIL, "webhook", "CONNECTED"),
        (USER_EMAIL, "api", "CONNECTED"),
    ]
    stats = call("GET", f"{sandbox.base_url}/_control/stats")["accounts"]
    assert sorted(stats) == ["4040", "8702"]


def test_failed_call_names_the_response(sandbox: Sandbox) -> None:
    url = f"{sandbox.base_url}/_control/orders"
    with pytest.raises(CallFailed, match=rf"^POST {url} returned 400: .*error"):
        call("POST", url, {"count": "many"})


def test_call_to_an_unused_port_fails() -> None:
    assert not is_up("http://127.0.0.1:1")
    with pytest.raises(CallFailed, match=r"^GET http://127.0.0.1:1 got no response"):
        call("GET", "http://127.0.0.1:1")
