"""What a sale's page shows first."""

import pytest
from django.urls import reverse

from flowzz.backoffice.display import change_url
from integrations.models import StatusMapping
from sales.models import Sale
from tests.factories import NOON, ClientFactory, SaleFactory
from tests.staff import Staff, log_in_member

pytestmark = pytest.mark.django_db
METADATA = {
    "affiliate_name": "Ana Afiliada",
    "affiliate_phone": "62954544554",
    "affiliate_commission": "12.5",
    "courier_name": "João da Moto",
    "utms": {"campaign": "maio"},
    "coproducers": [{"name": "Bia"}],
}


def groups_of(staff: Staff, sale: Sale) -> dict[str, dict[str, str]]:
    groups = staff.get(change_url(sale)).context["value_groups"]
    return {
        group.title: {named.label: str(named.value) for named in group.known} for group in groups
    }


def test_values_have_names_and_empty_ones_are_left_out(staff: Staff) -> None:
    client = ClientFactory.create(
        name="Rui Maia",
        address="Rua A",
        address_number="10",
        city="Natal",
        state="RN",
        cep="59000100",
    )
    sale = SaleFactory.create(
        user=client.user, client=client, tracking_code="BR123456789BR", metadata=METADATA
    )
    groups = groups_of(staff, sale)
    assert groups["Comprador"]["Endereço"] == "Rua A, 10, Natal/RN, CEP 59000-100"
    assert groups["Dinheiro"]["Comissão do afiliado"] == "R$\xa012,50"
    assert groups["Entrega"] == {
        "Código de rastreio": "BR123456789BR",
        "Entregador": "João da Moto",
    }
    assert groups["Campanha"] == {"Campanha (utm_campaign)": "maio"}
    assert groups["Produtor e afiliado"] == {
        "Afiliado": "Ana Afiliada",
        "Telefone do afiliado": "(62) 95454-4554",
    }
    assert "Taxas" not in groups["Dinheiro"]
    page = staff.get(change_url(sale)).content.decode()
    assert "rastreamento.correios.com.br/app/index.php?objetos=BR123456789BR" in page
    assert 'data-copy-text="BR123456789BR"' in page
    assert str(sale.user).replace("@", "<wbr>@") in page  # breaks before its domain
    assert "Bia" in page  # in the complete data
    assert "Fechar" not in page


@pytest.mark.parametrize(
    ("code", "sent", "shown"),
    [
        ("CARD", "credit_card", "Cartão"),
        ("OTHER", "Vale-presente", "Vale-presente"),
        ("", "escambo", "escambo"),
    ],
)
def test_payment_method_is_shown_in_our_words_or_else_as_sent(
    staff: Staff, code: str, sent: str, shown: str
) -> None:
    sale = SaleFactory.create(payment_code=code, payment_method=sent)
    assert groups_of(staff, sale)["Dinheiro"]["Forma de pagamento"] == shown


def test_masked_staff_see_no_personal_values() -> None:
    client = ClientFactory.create(name="Rui Maia", address="Rua A", cpf="52998224725")
    sale = SaleFactory.create(user=client.user, client=client, metadata=METADATA)
    page = log_in_member("Suporte").get(change_url(sale)).content.decode()
    hidden = ("Rui Maia", "Rua A", client.cpf, client.phone, "Ana Afiliada", "João da Moto")
    assert [text for text in hidden if text in page] == []


def test_notices_say_what_is_special_and_lead_on(staff: Staff) -> None:
    mapping = StatusMapping.objects.create(provider="coinzz", field="order", word="em análise")
    sale = SaleFactory.create(
        deleted_at=NOON, is_associated=False, unknown_status="em análise", shipping_status_word=""
    )
    notices = staff.get(change_url(sale)).context["notices"]
    texts = [notice.text.split(":")[0] for notice in notices]
    assert texts == ["Excluída na origem em 02/03/2026 12", "Não associada", "Status", "Entrega"]
    response = staff.get(notices[2].href)
    assert response["Location"] == reverse("backoffice:status_mapping", args=[mapping.id])


def test_merged_and_erased_clients_lead_to_what_stands_for_them(staff: Staff) -> None:
    other = ClientFactory.create()
    client = ClientFactory.create(user=other.user, merged_into=other, erased_at=NOON)
    notices = staff.get(change_url(client)).context["notices"]
    assert [notice.href for notice in notices] == [change_url(other), ""]
    listed = staff.get(reverse("admin:clients_client_changelist")).content.decode()
    assert "dados apagados" in listed
