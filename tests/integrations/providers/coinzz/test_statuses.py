import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.providers.coinzz.statuses import (
    DEFAULT_MAPPER,
    ORDER_WORDS,
    SHIPPING_WORDS,
    SUBSCRIPTION_WORDS,
    WORD_LENGTH,
    StatusMapper,
    is_open_refund,
    normalize_word,
)
from integrations.providers.contracts import StatusField
from sales.statuses import SaleStatus, ShippingStatus, SubscriptionStatus


@pytest.mark.parametrize(
    ("word", "status"), [(word, status) for status, words in ORDER_WORDS.items() for word in words]
)
def test_every_order_word_has_a_status(word: str, status: SaleStatus) -> None:
    assert DEFAULT_MAPPER.sale_status(word) == (status, "")


@pytest.mark.parametrize(
    ("word", "status"),
    [(word, status) for status, words in SHIPPING_WORDS.items() for word in words],
)
def test_every_shipping_word_has_a_status(word: str, status: ShippingStatus) -> None:
    assert DEFAULT_MAPPER.shipping_status(word) == (status, "")


@pytest.mark.parametrize(
    ("word", "status"),
    [(word, status) for status, words in SUBSCRIPTION_WORDS.items() for word in words],
)
def test_every_subscription_word_has_a_status(word: str, status: SubscriptionStatus) -> None:
    assert DEFAULT_MAPPER.subscription_status(word) == (status, "")


@pytest.mark.parametrize("table", [ORDER_WORDS, SHIPPING_WORDS, SUBSCRIPTION_WORDS])
def test_words_of_a_table_stay_distinct(table: dict[str, tuple[str, ...]]) -> None:
    words = [word for words in table.values() for word in words]
    assert len({normalize_word(word) for word in words}) == len(words)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Aprovada", SaleStatus.PAID),
        ("aprovado", SaleStatus.PAID),
        ("  PAGA ", SaleStatus.PAID),
        ("Concluida", SaleStatus.DELIVERED),
        ("Recebida", SaleStatus.DELIVERED),
        ("Excluída", SaleStatus.CANCELLED),
        ("Frustrada", SaleStatus.CANCELLED),
        ("ESTORNADA", SaleStatus.REFUNDED),
        ("Em  analise", SaleStatus.PENDING),
        ("Ana\u0301lise de risco", SaleStatus.PENDING),
        ("Aprovado\u200b", SaleStatus.PAID),
        ("\ufeffAprovado", SaleStatus.PAID),
        ("Apro\u00advada", SaleStatus.PAID),
        ("Aprovado.", SaleStatus.PAID),
        ("“Aprovado”", SaleStatus.PAID),
        ("Aprovado(a)", SaleStatus.PAID),
        ("APROVADO (A).", SaleStatus.PAID),
        ("Aprovado/a", SaleStatus.PAID),
        ("Aprovado(s)", SaleStatus.PAID),
        ("Aprovadas", SaleStatus.PAID),
        ("✅ Aprovado ✔️", SaleStatus.PAID),
        ("Aprovado&nbsp;", SaleStatus.PAID),
        ("Conclu&iacute;da", SaleStatus.DELIVERED),
        ("Entregues", SaleStatus.DELIVERED),
        ("Charge-back", SaleStatus.REFUNDED),
        ("Ａｐｒｏｖａｄｏ", SaleStatus.PAID),
        ("Aguardando", SaleStatus.PENDING),
    ],
)
def test_case_accents_signs_gender_and_number_are_ignored(word: str, status: SaleStatus) -> None:
    assert DEFAULT_MAPPER.sale_status(word) == (status, "")


@pytest.mark.parametrize(
    ("codes", "status"),
    [
        (("APPROVED", "PAID"), SaleStatus.PAID),
        (("PENDING", "WAITING_PAYMENT", "PROCESSING", "OVERDUE"), SaleStatus.PENDING),
        (("SHIPPED", "IN_TRANSIT", "OUT_FOR_DELIVERY"), SaleStatus.SHIPPED),
        (("DELIVERED", "COMPLETED"), SaleStatus.DELIVERED),
        (("CANCELLED", "CANCELED", "REFUSED", "EXPIRED"), SaleStatus.CANCELLED),
        (("REFUNDED", "CHARGEBACK"), SaleStatus.REFUNDED),
    ],
)
def test_codes_of_the_api_have_statuses(codes: tuple[str, ...], status: SaleStatus) -> None:
    assert [DEFAULT_MAPPER.sale_status(code) for code in codes] == [(status, "")] * len(codes)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("PENDING", ShippingStatus.PENDING),
        ("shipped", ShippingStatus.SHIPPED),
        ("IN_TRANSIT", ShippingStatus.SHIPPED),
        ("OUT_FOR_DELIVERY", ShippingStatus.SHIPPED),
        ("delivered", ShippingStatus.DELIVERED),
        ("RETURNED", ShippingStatus.RETURNED),
        ("CANCELED", ShippingStatus.CANCELLED),
    ],
)
def test_codes_of_shipping_have_statuses(code: str, status: ShippingStatus) -> None:
    assert DEFAULT_MAPPER.shipping_status(code) == (status, "")


def test_code_of_the_api_is_the_same_word_as_in_a_webhook() -> None:
    assert normalize_word("APPROVED") == normalize_word("Aprovada")
    assert normalize_word("WAITING_PAYMENT") == normalize_word("Aguardando pagamento")


@pytest.mark.parametrize("word", ["", " ", "-", "—", "null", "0", "false", "\u200b", "."])
def test_missing_word_has_no_status_and_uses_no_mapping(word: str) -> None:
    mapper = StatusMapper({(StatusField.ORDER, ""): "PAID"})

    assert mapper.sale_status(word) == (None, "")
    assert mapper.shipping_status(word) == (None, "")
    assert mapper.subscription_status(word) == (None, "")
    assert mapper.used == set()


def test_gender_is_ignored_in_every_word_of_a_shipping_status() -> None:
    assert DEFAULT_MAPPER.shipping_status("parcialmente ENVIADA") == (ShippingStatus.SHIPPED, "")


def test_unknown_word_is_pending_and_returned_in_lower_case() -> None:
    assert DEFAULT_MAPPER.sale_status("Em conferência") == (SaleStatus.PENDING, "em conferência")
    assert DEFAULT_MAPPER.shipping_status("Extraviado ") == (ShippingStatus.PENDING, "extraviado")
    assert DEFAULT_MAPPER.subscription_status("trial") == (SubscriptionStatus.PENDING, "trial")
    assert DEFAULT_MAPPER.sale_status("\ufeffEm voo") == (SaleStatus.PENDING, "em voo")


def test_fields_have_separate_words() -> None:
    assert DEFAULT_MAPPER.sale_status("A enviar") == (SaleStatus.PENDING, "a enviar")
    assert DEFAULT_MAPPER.shipping_status("Aprovado") == (ShippingStatus.PENDING, "aprovado")


def test_mapping_by_staff_gives_an_unknown_word_a_status() -> None:
    mapper = StatusMapper({(StatusField.ORDER, normalize_word("Em conferência")): "PAID"})
    assert mapper.shipping_status("Em conferência") == (ShippingStatus.PENDING, "em conferência")
    assert mapper.used == set()
    assert mapper.sale_status("EM CONFERENCIA") == (SaleStatus.PAID, "")
    assert mapper.used == {(StatusField.ORDER, "em conferencio")}


def test_mapping_by_staff_overrides_the_tables() -> None:
    mapper = StatusMapper({(StatusField.ORDER, normalize_word("Concluída")): "PAID"})
    assert mapper.sale_status("Concluído") == (SaleStatus.PAID, "")


def test_mapping_to_a_status_of_another_field_is_an_error() -> None:
    with pytest.raises(ValueError, match="FAILED"):
        StatusMapper({(StatusField.ORDER, "sem sucesso"): "FAILED"})


@given(st.text())
def test_normalizing_is_idempotent_and_limits_the_length(word: str) -> None:
    normal = normalize_word(word)
    assert normalize_word(normal) == normal
    assert len(normal) <= WORD_LENGTH


def test_long_word_is_compared_and_stored_by_its_beginning() -> None:
    assert DEFAULT_MAPPER.sale_status("ﷺ" * 5000) == (SaleStatus.PENDING, "ﷺ" * WORD_LENGTH)
    assert len(normalize_word("ﷺ" * 5000)) == WORD_LENGTH


@pytest.mark.parametrize("word", ["❌", "❌❌"])
def test_word_of_emoji_alone_is_unknown_and_not_missing(word: str) -> None:
    assert DEFAULT_MAPPER.sale_status(word) == (SaleStatus.PENDING, word)
    assert normalize_word(word) == word


@pytest.mark.parametrize(
    ("word", "compared"),
    [
        ("Em conferência", "em conferencio"),
        ("Vendas retidas", "vendo retido"),
        ("x_b-c/d", "x b c d"),
        ("Re\u200bti\u00addo", "retido"),
        ("S", "s"),
        ("NULL", ""),
    ],
)
def test_words_are_compared_without_gender_number_signs_and_accents(
    word: str, compared: str
) -> None:
    assert normalize_word(word) == compared


@pytest.mark.parametrize(
    ("status", "word", "is_open"),
    [
        *((SaleStatus.REFUNDED, word, True) for word in ("Reclamado", "Contestada", "CHARGEBACK")),
        (SaleStatus.REFUNDED, "Reembolso em andamento", True),
        *((SaleStatus.REFUNDED, word, False) for word in ("Reembolsada", "Estornado", "")),
        *((SaleStatus.PAID, "Reclamada", False), (None, "Reclamada", False)),
    ],
)
def test_dispute_and_refund_in_progress_are_open(
    status: SaleStatus | None, word: str, is_open: bool
) -> None:
    assert is_open_refund(status, word) is is_open
