"""Keys of scripts: made, used within their scope and limit, and revoked."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from flowzz.accounts.api_keys import keys
from flowzz.accounts.models import ApiKey, KeyScope, User
from tests.api_client import Frontend, error, status_and_body
from tests.factories import SaleFactory, UserFactory

pytestmark = pytest.mark.django_db
REFUSED = error("UNAUTHORIZED", "Token de acesso ausente, inválido ou expirado.")
READ_ONLY = error(
    "KEY_MAY_ONLY_READ",
    "Esta chave de API só lê. Crie uma que possa tudo, ou entre com e-mail e senha.",
)


@pytest.fixture
def user() -> User:
    return UserFactory.create()


def script(secret: str) -> Frontend:
    frontend = Frontend()
    frontend.credentials(HTTP_AUTHORIZATION=f"bearer {secret}")
    return frontend


def issue(user: User, scope: KeyScope = KeyScope.READ, **fields: Any) -> Frontend:
    return script(keys.issue(ApiKey(user=user, name="planilha", scope=scope, **fields)))


def test_key_is_shown_once_and_stored_as_a_hash(user: User) -> None:
    frontend = Frontend(user)
    issued = frontend.send("keys", {"name": "planilha", "scope": "READ"}).json()

    secret = issued["data"].pop("key")
    row = ApiKey.objects.get()
    assert issued["message"] == "Chave criada. Guarde-a agora: ela não é mostrada de novo"
    assert (secret[:3], len(secret), row.hint) == ("fz_", 46, f"fz_…{secret[-4:]}")
    assert secret.encode() not in bytes(row.key_hash)
    assert frontend.fetch("keys").json()["data"] == [issued["data"]]
    assert issued["data"] | {"createdAt": ""} == {
        "id": str(row.id),
        "name": "planilha",
        "scope": "READ",
        "hint": row.hint,
        "hourlyLimit": None,
        "createdAt": "",
        "lastUsedAt": None,
        "revokedAt": None,
    }


def test_key_reads_its_users_data(user: User) -> None:
    sale = SaleFactory.create(user=user)
    SaleFactory.create()
    (row,) = issue(user).fetch("sales").json()["data"]
    assert row["id"] == str(sale.id)


def test_key_that_may_only_read_changes_nothing(user: User) -> None:
    path = "integrations/coinzz/connect"
    body = {"mode": "webhook"}
    assert status_and_body(issue(user).send(path, body)) == (403, READ_ONLY)
    assert issue(user, KeyScope.ALL).send(path, body).status_code == 200


def test_key_that_may_only_read_sees_no_webhook_url(user: User) -> None:
    proxy = "https://proxy.exemplo.com.br/x"
    Frontend(user).send("integrations/coinzz/connect", {"mode": "webhook", "webhookUrl": proxy})
    changer, reader = issue(user, KeyScope.ALL), issue(user)

    def urls(frontend: Frontend, path: str) -> list[bool]:
        data = frontend.fetch(path).json()["data"]
        row = data[0] if isinstance(data, list) else data
        return [row["webhookUrl"] is not None, row["webhookNote"] is not None]

    for path in ("integrations", "integrations/coinzz/status"):
        assert urls(changer, path) == urls(Frontend(user), path) == [True, True]
        assert urls(reader, path) == [False, False]


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_keys_are_not_managed_by_keys(user: User, method: str) -> None:
    reader = issue(user, KeyScope.ALL)
    path = f"/api/v1/keys/{ApiKey.objects.get().id}" if method == "delete" else "/api/v1/keys"
    refused = getattr(reader, method)(path)
    assert (refused.status_code, refused.json()["error"]) == (403, "LOGIN_REQUIRED")
    changed = reader.send("auth/password", {"currentPassword": "a", "newPassword": "b"})
    assert changed.json()["error"] == "LOGIN_REQUIRED"


def test_revoked_key_is_refused(user: User) -> None:
    reader, frontend = issue(user), Frontend(user)
    path = f"/api/v1/keys/{ApiKey.objects.get().id}"
    assert Frontend(UserFactory.create()).delete(path).status_code == 404
    assert reader.fetch("sales").status_code == 200

    revoked: Any = frontend.delete(path)

    assert revoked.json()["data"]["revokedAt"] is not None
    assert status_and_body(reader.fetch("sales")) == (401, REFUSED)


def test_other_secrets_and_closed_accounts_are_refused(user: User) -> None:
    reader = issue(user)
    assert status_and_body(script("fz_outra").fetch("sales")) == (401, REFUSED)
    User.objects.update(is_active=False)
    assert status_and_body(reader.fetch("sales")) == (401, REFUSED)


def test_last_use_is_noted_to_the_minute(user: User) -> None:
    reader = issue(user)
    reader.fetch("sales")
    first = ApiKey.objects.get().last_used_at
    reader.fetch("sales")
    assert first is not None
    assert ApiKey.objects.get().last_used_at == first
    earlier = timezone.now() - timedelta(seconds=61)
    ApiKey.objects.update(last_used_at=earlier)
    reader.fetch("sales")
    assert ApiKey.objects.filter(last_used_at__gt=first).exists()


def test_key_has_its_own_limit(settings: Settings, user: User) -> None:
    settings.RATE_LIMIT_API = "2/hour"
    readers = [issue(user), issue(user, hourly_limit=1)]
    statuses = [[reader.fetch("sales").status_code for _ in range(3)] for reader in readers]
    assert statuses == [[200, 200, 429], [200, 429, 429]]
    assert Frontend(user).fetch("sales").status_code == 200


def test_number_of_valid_keys_is_limited(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MAX_KEYS", 1)
    frontend = Frontend(user)
    assert frontend.send("keys", {"name": "a", "scope": "ALL"}).status_code == 200
    refused = frontend.send("keys", {"name": "b", "scope": "ALL"})
    assert (refused.status_code, refused.json()["error"]) == (409, "TOO_MANY_KEYS")
    keys.revoke(ApiKey.objects.get())
    assert frontend.send("keys", {"name": "b", "scope": "ALL"}).status_code == 200


def test_scope_is_one_of_two(user: User) -> None:
    answer = Frontend(user).send("keys", {"name": "a", "scope": "WRITE"})
    (detail,) = answer.json()["details"]
    assert (detail["field"], detail["code"]) == ("scope", "INVALID_CHOICE")


def test_key_follows_live_updates(user: User) -> None:
    answer: Any = issue(user).get("/api/v1/events", headers={"Accept": "text/event-stream"})
    assert (answer.status_code, b"event: start" in answer.content) == (200, True)


def test_user_reads_whose_access_it_is(user: User) -> None:
    login = Frontend(user).fetch("me").json()["data"]
    assert login == {
        "id": str(user.id),
        "email": user.email,
        "name": "Marina Prado",
        "createdAt": timezone.localtime(user.date_joined).isoformat(),
        "key": None,
    }
    by_key = issue(user).fetch("me").json()["data"]
    assert (by_key["id"], by_key["key"]["name"]) == (str(user.id), "planilha")
