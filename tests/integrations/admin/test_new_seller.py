"""Staff create a seller, who is invited by e-mail, and connect for them."""

from typing import Any

import pytest
from django.urls import reverse_lazy

from flowzz.accounts import passwords
from flowzz.accounts.models import StaffAction, User
from integrations.admin.new_seller import EXISTS, SellerForm
from integrations.models import Integration, IntegrationMode
from tests.sandbox.client import SandboxClient
from tests.staff import Staff, log_in_member, messages_in

pytestmark = pytest.mark.django_db
CREATE = reverse_lazy("admin:accounts_user_create_seller")
REFUSED = "API key inválida. Verifique nas configurações do Coinzz."
EMAIL = "nova.vendedora@exemplo.com.br"
FORM = {"email": EMAIL.title(), "name": "Marina Prado", "phone": "62 95450-1234"} | {
    "provider": "coinzz"
}


@pytest.fixture
def mailed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The users who are invited."""
    users: list[Any] = []
    monkeypatch.setattr("flowzz.accounts.passwords.invite", users.append)
    return users


def logged() -> list[str]:
    return list(StaffAction.objects.order_by("id").values_list("action", flat=True))


def test_seller_is_created_without_a_password_and_invited(staff: Staff, mailed: list[Any]) -> None:
    response = staff.post(CREATE, FORM)
    user = User.objects.get(email=EMAIL)
    assert mailed == [user]
    assert (user.name, user.phone, user.is_staff) == ("Marina Prado", "62 95450-1234", False)
    assert not user.has_usable_password()
    assert not Integration.objects.exists()
    assert logged() == ["Criou um(a) vendedor(a)", "Convidou por e-mail"]
    assert response.headers["Location"] == f"/admin/accounts/user/{user.id}/change/"


def test_seller_whose_invitation_can_not_be_mailed_can_be_invited_later(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "enqueue", lambda *_: False)  # the broker is down
    assert messages_in(staff.post(CREATE, FORM)) == [
        "Criado(a), mas ainda sem convite. "
        "O e-mail não pôde ser enviado agora. Tente de novo em um minuto."
    ]
    assert User.objects.get(email=EMAIL).invited_at is None
    assert logged() == ["Criou um(a) vendedor(a)"]


def test_seller_who_was_created_meanwhile_is_not_created_again(
    staff: Staff, mailed: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.create_user(EMAIL)
    monkeypatch.setattr(SellerForm, "clean_email", lambda form: EMAIL)
    response = staff.post(CREATE, FORM)
    assert response.status_code == 200
    assert EXISTS in response.content.decode()
    assert (User.objects.filter(email=EMAIL).count(), mailed, logged()) == (1, [], [])


@pytest.mark.parametrize("mode", IntegrationMode.values)
def test_seller_is_connected_at_once(
    staff: Staff, coinzz: SandboxClient, mailed: list[Any], mode: str
) -> None:
    key = coinzz.sandbox.api_key() if mode == IntegrationMode.API else ""
    staff.post(CREATE, FORM | {"mode": mode, "api_key": key})
    [integration] = Integration.objects.all()
    assert (integration.user.email, integration.mode) == (EMAIL, mode)
    assert integration.is_connected
    assert logged() == [
        "Criou um(a) vendedor(a)",
        "Convidou por e-mail",
        "Conectou a integração por quem vende",
    ]


def test_refused_key_is_asked_for_again(
    staff: Staff, coinzz: SandboxClient, mailed: list[Any]
) -> None:
    key = coinzz.sandbox.api_key("4010")
    response = staff.post(CREATE, FORM | {"mode": "api", "api_key": key}, follow=True)
    assert [str(message) for message in response.context["messages"]] == [
        f"Convite enviado a {EMAIL}.",
        f"Criado(a), mas ainda sem conexão. {REFUSED}",
    ]
    assert response.context["form"].initial["email"] == EMAIL
    assert key not in response.content.decode()
    assert not Integration.objects.exists()
    assert len(mailed) == 1


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"email": "ocupado@exemplo.com.br"}, "Já existe um usuário com este e-mail."),
        ({"name": ""}, "Este campo é obrigatório."),
        ({"api_key": "8702|abc" * 4}, "Para usar a chave agora, escolha “API e webhooks”."),
        ({"mode": "api"}, "Cole a chave inteira: ela tem de 20 a 500 caracteres."),
        (
            {"mode": "webhook", "api_key": "8702|abc" * 4},
            "No modo só webhooks, deixe a chave vazia.",
        ),
    ],
)
def test_wrong_answers_create_nobody(
    staff: Staff, mailed: list[Any], answers: dict[str, str], error: str
) -> None:
    User.objects.create_user("Ocupado@exemplo.com.br")
    before = User.objects.count()
    page = staff.post(CREATE, FORM | answers)
    assert error in page.content.decode()
    assert (User.objects.count(), mailed, logged()) == (before, [], [])


@pytest.mark.parametrize("group", ["Suporte", "Operações"])
def test_only_who_may_add_users_creates_sellers(group: str, mailed: list[Any]) -> None:
    staff = log_in_member(group)
    assert staff.post(CREATE, FORM).status_code == 403
    assert messages_in(staff.get("/admin/accounts/user/")) == []
    assert "criar-conta" not in staff.get("/admin/accounts/user/").content.decode()
    assert mailed == []
