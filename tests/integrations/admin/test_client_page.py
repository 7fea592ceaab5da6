"""Export and erasure of a client's personal data by staff."""

import json
import re
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from clients.models import Client
from flowzz.accounts.models import StaffAction, User
from integrations.webhooks import fallback_buffer
from integrations.webhooks.fallback_buffer import BufferBusy
from tests.factories import ClientFactory
from tests.staff import Staff, log_in


@pytest.fixture
def client_row(db: None) -> Client:
    return ClientFactory.create(name="Zoraide da Quintanilha", cpf="52998224725")


def path(client: Client, action: str) -> str:
    return reverse(f"admin:clients_client_{action}", args=[client.id])


def test_export_is_a_file_and_is_logged(staff: Staff, client_row: Client) -> None:
    response = staff.get(path(client_row, "export_data"))

    assert response["Content-Disposition"] == f'attachment; filename="cliente-{client_row.id}.json"'
    assert json.loads(response.content)["cliente"]["nome"] == "Zoraide da Quintanilha"
    assert StaffAction.objects.get().action == "Exportou os dados pessoais"


def test_erasure_asks_for_confirmation(staff: Staff, client_row: Client) -> None:
    html = staff.get(path(client_row, "erase_data")).content.decode()

    assert "Apagar os dados pessoais de Zoraide da Quintanilha?" in html
    assert 'name="q" value=""' in html  # the search field
    client_row.refresh_from_db()
    assert client_row.erased_at is None


def test_erasure_is_logged_without_personal_data(staff: Staff, client_row: Client) -> None:
    staff.get(path(client_row, "export_data"))

    response = staff.post(path(client_row, "erase_data"), {"reason": "Atendimento 4512"})

    assert response.status_code == 302
    client_row.refresh_from_db()
    assert (client_row.name, client_row.cpf) == ("", "")
    label = f"cliente {client_row.id}"
    entries = StaffAction.objects.order_by("created_at")
    assert list(entries.values_list("target_label", "action", "reason")) == [
        (label, "Exportou os dados pessoais", ""),
        (label, "Apagou os dados pessoais", "Atendimento 4512"),
    ]


def test_erasure_waits_for_webhooks_that_are_being_stored(
    staff: Staff, client_row: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fallback_buffer, "flush_to_inbox", Mock(side_effect=BufferBusy))

    response = staff.post(path(client_row, "erase_data"), {"reason": "Atendimento 4512"})

    assert "Nada foi apagado" in response.content.decode()
    client_row.refresh_from_db()
    assert client_row.erased_at is None
    assert not StaffAction.objects.exists()


@pytest.mark.parametrize(
    "reason", ["", "Pedido da Zoraide", "CPF 529.982.247-25", "pedido de ivo@exemplo.com.br"]
)
def test_reason_is_required_and_must_not_name_the_person(
    staff: Staff, client_row: Client, reason: str
) -> None:
    Client.objects.update(document_identifies=True)

    response = staff.post(path(client_row, "erase_data"), {"reason": reason})

    assert response.status_code == 200
    client_row.refresh_from_db()
    assert client_row.erased_at is None


def test_reason_may_share_a_short_word_with_the_name(staff: Staff, client_row: Client) -> None:
    staff.post(path(client_row, "erase_data"), {"reason": "a pedido da pessoa"})

    client_row.refresh_from_db()
    assert client_row.erased_at is not None


@pytest.mark.parametrize("action", ["export_data", "erase_data"])
def test_view_permission_does_not_permit_export_or_erasure(
    staff: Staff, client_row: Client, action: str
) -> None:
    viewer = User.objects.create_user("consulta@flowzz.test", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_client"))
    staff.force_login(viewer)
    page = staff.get(reverse("admin:clients_client_change", args=[client_row.id]))

    assert page.status_code == 200
    assert path(client_row, action) not in page.content.decode()
    assert staff.get(path(client_row, action)).status_code == 403
    assert staff.post(path(client_row, action), {"reason": "Teste"}).status_code == 403


@pytest.mark.parametrize("action", ["export_data", "erase_data"])
def test_client_page_offers_export_and_erasure(
    staff: Staff, client_row: Client, action: str
) -> None:
    page = staff.get(reverse("admin:clients_client_change", args=[client_row.id]))

    assert path(client_row, action) in page.content.decode()


@pytest.mark.parametrize(
    ("cpf", "flags"), [("52998224725", ["Sim", "Sim"]), ("", [])], ids=["document", "none"]
)
def test_checks_of_a_missing_document_show_no_result(
    staff: Staff, cpf: str, flags: list[str]
) -> None:
    client = ClientFactory.create(cpf=cpf, document_valid=True, document_identifies=True)

    page = staff.get(path(client, "change")).content.decode()

    fields = re.findall(r"(?:Dígitos conferem|Identifica o cliente).*?(Sim|Não|—)", page, re.DOTALL)
    assert fields == flags


def test_erasure_does_not_name_the_person_to_who_sees_names_masked(client_row: Client) -> None:
    member = User.objects.create_user("lgpd@flowzz.test", is_staff=True)
    codenames = ["view_client", "erase_people"]
    member.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    html = log_in(member).get(path(client_row, "erase_data")).content.decode()
    assert "Apagar os dados pessoais de Zo*** d*** Q***?" in html
    assert "Quintanilha" not in html
