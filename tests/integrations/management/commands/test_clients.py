"""The commands that give or remove a person's data."""

import io
import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command

from clients.models import Client
from integrations import connection
from integrations.webhooks import fallback_buffer
from tests import payloads
from tests.factories import ClientFactory, SaleFactory
from tests.integrations.sellers import Seller

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
def test_client_is_found_by_document_phone_or_email(zoraide: Client, who: str) -> None:
    ClientFactory.create(cpf=zoraide.cpf, phone=zoraide.phone, email=zoraide.email)

    exported = json.loads(run("client_export", who, "--user", "Vendedora@flowzz.test"))

    assert exported["cliente"]["id"] == str(zoraide.id)


def test_exported_file_is_readable_by_its_owner_only(zoraide: Client, tmp_path: Path) -> None:
    target = tmp_path / "zoraide.json"

    output = run("client_export", str(zoraide.id), "--output", str(target))

    assert output == f"Exportado para {target}.\n"
    assert json.loads(target.read_text())["cliente"]["nome"] == "Zoraide Quintanilha"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_export_overwrites_no_file_and_follows_no_link(zoraide: Client, tmp_path: Path) -> None:
    target, link = tmp_path / "outra.json", tmp_path / "link.json"
    target.write_text("de outra pessoa")
    link.symlink_to(tmp_path / "nova.json")
    for path in (target, link):
        with pytest.raises(CommandError, match="já existe e não foi alterado"):
            run("client_export", str(zoraide.id), "--output", str(path))
    with pytest.raises(CommandError, match="não pôde ser criado"):
        run("client_export", str(zoraide.id), "--output", str(tmp_path / "sem" / "pasta.json"))
    assert target.read_text() == "de outra pessoa"
    assert not (tmp_path / "nova.json").exists()


def test_exported_times_are_local(zoraide: Client) -> None:
    Client.objects.update(created_at=datetime(2026, 3, 2, 1, 30, tzinfo=UTC))
    exported = json.loads(run("client_export", str(zoraide.id)))
    assert exported["cliente"]["criado_em"] == "2026-03-01T22:30:00-03:00"
    assert exported["gerado_em"].endswith("-03:00")


def test_several_matching_clients_are_listed_by_id(zoraide: Client) -> None:
    other = ClientFactory.create(user=zoraide.user, email=zoraide.email)

    with pytest.raises(CommandError) as error:
        run("client_export", "zoraide@exemplo.com.br", "--user", zoraide.user.email)

    assert str(error.value) == f"Mais de um cliente; escolha pelo id: {zoraide.id}, {other.id}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["52998224725"], "Diga também de quem é o cliente, com --user, ou use o id dele."),
        (["Zoraide", "--user", "a@b"], "Use o id, o documento, o telefone ou o e-mail."),
        (["52998224725", "--user", "a@b"], "Cliente não encontrado."),
        (["01a20a93-5005-7507-b93d-44595e0fb60a"], "Cliente não encontrado."),
    ],
)
def test_no_match_is_an_error(zoraide: Client, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run("client_erase", *arguments, "--yes")
    zoraide.refresh_from_db()
    assert zoraide.erased_at is None


def test_erasing_asks_for_confirmation(zoraide: Client) -> None:
    with (
        patch("builtins.input", return_value="sim"),
        pytest.raises(CommandError, match="Nada foi apagado"),
    ):
        run("client_erase", str(zoraide.id))

    zoraide.refresh_from_db()
    assert zoraide.erased_at is None


def test_erasing_waits_for_webhooks_that_are_being_stored(zoraide: Client) -> None:
    with (
        patch.object(fallback_buffer, "flush_to_inbox", side_effect=fallback_buffer.BufferBusy),
        pytest.raises(CommandError, match="Nada foi apagado: ainda há webhooks sendo gravados"),
    ):
        run("client_erase", str(zoraide.id), "--yes")
    zoraide.refresh_from_db()
    assert zoraide.erased_at is None


def test_erasing_does_not_lose_the_orders_that_a_paused_integration_has_yet_to_apply() -> None:
    seller = Seller()
    ana = {"client_name": "Ana Lima", "client_documment": payloads.cpf(291417776)}
    seller.process(payloads.order("ord1", client=ana))
    connection.pause(seller.integration)
    seller.receive(payloads.order("ord2", client=ana))
    command = "client_erase", str(Client.objects.get().id), "--yes"

    with pytest.raises(CommandError, match="Nada foi apagado: a integração está pausada"):
        run(*command)

    connection.resume(seller.integration)
    run(*command)
    assert seller.buyer("ord2") == Client.objects.exclude(erased_at=None).get()


def test_erasing_without_a_terminal_needs_yes(zoraide: Client) -> None:
    with (
        patch("sys.stdin", io.StringIO("")),
        pytest.raises(CommandError, match="sem terminal, confirme com --yes"),
    ):
        run("client_erase", str(zoraide.id))
    zoraide.refresh_from_db()
    assert zoraide.erased_at is None

    with patch("sys.stdin", io.StringIO("")):
        run("client_erase", str(zoraide.id), "--yes")
    zoraide.refresh_from_db()
    assert zoraide.erased_at is not None


def test_erasing_prints_its_counts(zoraide: Client) -> None:
    SaleFactory.create(user=zoraide.user, client=zoraide, metadata={"client_x": "Zoraide"})
    SaleFactory.create(user=zoraide.user, client=zoraide, external_id="b", metadata={})
    with patch("builtins.input", return_value="APAGAR"):
        output = run("client_erase", str(zoraide.id))

    zoraide.refresh_from_db()
    assert (zoraide.name, zoraide.cpf, zoraide.phone, zoraide.email) == ("", "", "", None)
    assert output.splitlines() == [
        f"Cliente {zoraide.id} de vendedora@flowzz.test: Zo*** Q***, ***.982.247-**, "
        "+55 62 ***-4554, z***@exemplo.com.br, vendas: 2",
        f"Cliente {zoraide.id}: dados pessoais apagados.",
        "  vendas que perderam dados pessoais: 1",
        "  webhooks que perderam o corpo: 0",
        "  pedidos de afiliação: 0",
        "  divergências de sincronizações: 0",
    ]
