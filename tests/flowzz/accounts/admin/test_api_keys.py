"""Staff make, limit and revoke API keys."""

import re

import pytest

from flowzz.accounts.api_keys import keys
from flowzz.accounts.models import ApiKey, StaffAction
from flowzz.backoffice.display import short_datetime
from tests.factories import UserFactory
from tests.staff import Staff

pytestmark = pytest.mark.django_db
LIST = "/admin/accounts/apikey/"


def test_new_key_is_shown_once_and_works(staff: Staff) -> None:
    user = UserFactory.create()
    form = {"user": user.email, "name": "planilha", "scope": "READ", "hourly_limit": "50"}
    page = staff.post(f"{LIST}add/", form).content.decode()

    (secret,) = re.findall(r"fz_[\w-]{43}", page)
    key = keys.find(secret)
    assert key is not None
    assert (key.user, key.name, key.hourly_limit) == (user, "planilha", 50)
    assert secret not in staff.get(f"{LIST}{key.id}/change/").content.decode()
    assert [action.action for action in StaffAction.objects.all()] == ["Incluiu"]


def test_key_is_changed_and_revoked(staff: Staff) -> None:
    key = ApiKey(user=UserFactory.create(), name="planilha", scope="READ")
    keys.issue(key)
    staff.post(f"{LIST}{key.id}/change/", {"name": "relatório", "hourly_limit": ""})
    staff.post(f"{LIST}{key.id}/revogar/", {"reason": ""})

    key.refresh_from_db()
    assert (key.name, key.scope, key.revoked_at is None) == ("relatório", "READ", False)
    assert "revogar" not in staff.get(f"{LIST}{key.id}/change/").content.decode()


def test_revoked_key_says_so_and_has_no_form(staff: Staff) -> None:
    key = ApiKey(user=UserFactory.create(), name="planilha", scope="READ")
    keys.issue(key)
    page = f"{LIST}{key.id}/change/"
    assert staff.get(page).context["notices"] == []

    keys.revoke(key)

    assert key.revoked_at is not None
    response = staff.get(page)
    text = f"Revogada em {short_datetime(key.revoked_at)}: o programa que a usa não entra mais."
    assert [notice.text for notice in response.context["notices"]] == [text]
    html = response.content.decode()
    assert (text in html, 'name="_save"' in html, "Fechar" in html) == (True, False, False)
    assert staff.post(page, {"name": "relatório", "hourly_limit": ""}).status_code == 403


def test_key_is_for_a_user_named_by_email(staff: Staff) -> None:
    form = {"user": "ninguem@exemplo.com.br", "name": "planilha", "scope": "READ"}
    page = staff.post(f"{LIST}add/", form).content.decode()
    assert "Não há usuário com este e-mail." in page
    assert re.findall(r'name="(_\w+)"', page) == ["_save"]


def test_number_of_keys_is_limited(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MAX_KEYS", 0)
    form = {"user": UserFactory.create().email, "name": "planilha", "scope": "READ"}
    page = staff.post(f"{LIST}add/", form, follow=True).content.decode()
    assert "Este usuário já tem 0 chaves válidas." in page
    assert not ApiKey.objects.exists()
