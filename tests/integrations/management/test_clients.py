"""The commands that give or remove a person's data."""

import io
import json
import stat
from pathlib import Path
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command

from clients.models import Client
from tests.factories import ClientFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def zoraide() -> Client:
    return ClientFactory.create(
        user__email="vendedora@flowzz.test",
        name="Zoraide Quintanilha",
        cpf="52998224725",
        document_identifies=True,
        phone="+5562954544554",
        email="zoraide@exemplo.com.br",
    )


def run(command: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("who", ["529.982.247-25", "(62) 95454-4554", "Zoraide@exemplo.com.br"])
def test_client_of_a_user_is_found_by_what_is_known_of_them(zoraide: Client, who: str) -> None:
    ClientFactory.create(cpf=zoraide.cpf, phone=zoraide.phone, email=zoraide.email)

    exported = json.loads(run("client_export", who, "--user", "Vendedora@flowzz.test"))

    assert exported["cliente"]["id"] == str(zoraide.id)


def test_export_to_a_file_is_its_owners_alone(zoraide: Client, tmp_path: Path) -> None:
    target = tmp_path / "zoraide.json"

    told = run("client_export", str(zoraide.id), "--output", str(target))

    assert told == f"Exportado para {target}.\n"
    assert json.loads(target.read_text())["cliente"]["nome"] == "Zoraide Quintanilha"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_several_are_named_by_their_ids(zoraide: Client) -> None:
    other = ClientFactory.create(user=zoraide.user, email=zoraide.email)

    with pytest.raises(CommandError) as error:
        run("client_export", "zoraide@exemplo.com.br", "--user", zoraide.user.email)

    assert str(error.value) == f"Mais de um cliente; escolha pelo id: {zoraide.id}, {other.id}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["52998224725"], "Diga também o usuário, ou use o id do cliente."),
        (["Zoraide", "--user", "a@b"], "Use o id, o documento, o telefone ou o e-mail."),
        (["52998224725", "--user", "a@b"], "Cliente não encontrado."),
        (["01a20a93-5005-7507-b93d-44595e0fb60a"], "Cliente não encontrado."),
    ],
)
def test_nobody_is_taken_for_another(zoraide: Client, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run("client_erase", *arguments, "--yes")
    zoraide.refresh_from_db()
    assert zoraide.erased_at is None


def test_erasing_asks_first(zoraide: Client) -> None:
    with (
        patch("builtins.input", return_value="sim"),
        pytest.raises(CommandError, match="Nada foi apagado"),
    ):
        run("client_erase", str(zoraide.id))

    zoraide.refresh_from_db()
    assert zoraide.erased_at is None


def test_erasing_tells_what_it_did(zoraide: Client) -> None:
    with patch("builtins.input", return_value="APAGAR"):
        told = run("client_erase", str(zoraide.id))

    zoraide.refresh_from_db()
    assert (zoraide.name, zoraide.cpf, zoraide.phone, zoraide.email) == ("", "", "", None)
    assert told.splitlines() == [
        f"Cliente {zoraide.id}: dados pessoais apagados.",
        "  vendas: 0",
        "  webhooks que perderam o corpo: 0",
        "  pedidos de afiliação: 0",
        "  achados de sincronizações: 0",
    ]
