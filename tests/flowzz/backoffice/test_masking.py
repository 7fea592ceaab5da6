import pytest

from clients.models import Client
from flowzz.backoffice import masking


@pytest.mark.parametrize(
    ("mask", "text", "masked"),
    [
        (masking.mask_name, "Maria de Souza", "Ma*** d*** S***"),
        (masking.mask_email, "maria@exemplo.com.br", "m***@exemplo.com.br"),
        (masking.mask_email, "maria", "***"),
        (masking.mask_phone, "+5562954544554", "+55 62 ***-4554"),
        (masking.mask_phone, "123", "***"),
        (masking.mask_document, "529.982.247-25", "***.982.247-**"),
        (masking.mask_document, "12ABC34501DE35", "**.ABC.345/****-**"),
        (masking.mask_document, "1", "***"),
        (masking.mask_text, "", ""),
    ],
)
def test_masks(mask: masking.Mask, text: str, masked: str) -> None:
    assert mask(text) == masked


def test_payload_shows_only_open_fields_and_masked_personal_fields() -> None:
    payload = {
        "client.client_name": "Ana Lima",
        "order": {"order_number": "ord1", "note": "para Ana", "ok": True, "code": 12345678909},
        "utm_content": "a ana@x.test",
    }
    masked = masking.mask_payload(payload, {"client_name": "name"}, {"order_number", "utm_content"})
    assert masked == {
        "client.client_name": "An*** L***",
        "order": {"order_number": "ord1", "note": "***", "ok": True, "code": "***"},
        "utm_content": "a a***@x.test",
    }


def test_everything_in_an_unreadable_personal_field_is_hidden() -> None:
    payload = {"client_name": {"order_number": "Ana Lima"}, "client_address": ["Rua A", {"n": 1}]}
    kinds = {"client_name": "name", "client_address": "address"}
    assert masking.mask_payload(payload, kinds, {"order_number"}) == {
        "client_name": {"order_number": "***"},
        "client_address": ["***", {"n": "***"}],
    }


def test_masked_row_is_masked_once_and_can_not_be_saved() -> None:
    client = Client(name="Zoraide da Quintanilha")
    masking.mask_row(client, {"name": masking.mask_name})
    masking.mask_row(client, {"name": masking.mask_name})
    assert client.name == "Zo*** d*** Q***"
    with pytest.raises(masking.MaskedRow):
        client.save()
