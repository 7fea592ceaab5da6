import re
from collections import Counter
from typing import Any

import pytest

from sandbox.orders.catalog import empty_utms
from sandbox.orders.clock import DAY_SECONDS, parse_time
from sandbox.orders.order import Order
from sandbox.orders.seller import Seller
from sandbox.orders.stages import SUBSCRIPTION_FIRST_STAGES

NOW = parse_time("2026-11-03 12:00:00")


@pytest.fixture(scope="module")
def history() -> list[Order]:
    return list(Seller(1, "8702").history(1000, NOW))


def values(history: list[Order], section: str, field: str) -> list[Any]:
    return [order.body[section].get(field) for order in history]


def test_same_seed_and_account_give_the_same_history(history: list[Order]) -> None:
    assert list(Seller(1, "8702").history(1000, NOW)) == history
    assert list(Seller(2, "8702").history(5, NOW)) != list(Seller(1, "8702").history(5, NOW))
    assert list(Seller(1, "8703").history(5, NOW)) != list(Seller(1, "8702").history(5, NOW))


def test_order_numbers_are_unique_and_have_five_letters(history: list[Order]) -> None:
    numbers = values(history, "order", "order_number")
    assert len(set(numbers)) == len(numbers)
    assert all(re.fullmatch("ord[a-z]{5}", number) for number in numbers)


def test_history_covers_ninety_days_and_ends_before_now(history: list[Order]) -> None:
    created = [parse_time(date) for date in values(history, "order", "date_order")]
    assert created == sorted(created)
    assert NOW - 90 * DAY_SECONDS <= created[0] < NOW - 89 * DAY_SECONDS
    assert NOW - DAY_SECONDS < created[-1] <= NOW
    assert all(
        time <= order.changed_at <= NOW for time, order in zip(created, history, strict=True)
    )


def test_no_old_order_is_still_shipped(history: list[Order]) -> None:
    assert Counter(order.stage.endswith("_shipped") for order in history[:600]) == {False: 600}


def test_documents_have_all_forms(history: list[Order]) -> None:
    documents = values(history, "client", "client_documment")
    forms = Counter(re.sub("[A-Z]", "A", re.sub("[0-9]", "0", text)) for text in documents)
    assert {"", "0" * 11, "0" * 10, "0" * 14, "000.000.000-00", "00.000.000/0000-00"} <= set(forms)
    assert any("A" in form for form in forms)


def test_some_buyers_repeat_with_another_form_of_their_document(history: list[Order]) -> None:
    forms: dict[str, set[str]] = {}
    for text in filter(None, values(history, "client", "client_documment")):
        forms.setdefault(re.sub(r"\W", "", text).zfill(11), set()).add(text)
    assert any(len(texts) > 1 for texts in forms.values())


@pytest.mark.parametrize(
    ("section", "field", "types"),
    [
        ("order", "order_final_price", {float, str}),
        ("order", "order_quantity", {int, str}),
        ("order", "deadline_delivery", {int, str}),
        ("order", "total_installments", {int, str}),
        ("order", "first_order", {bool, str}),
        ("order", "deleted_at", {str, type(None)}),
        ("order", "affiliate_email", {str, type(None)}),
        ("client", "client_email", {str, type(None)}),
    ],
)
def test_field_types_vary_as_at_coinzz(
    history: list[Order], section: str, field: str, types: set[type]
) -> None:
    ordinary = [order for order in history if order.subscription is None]
    assert set(map(type, values(ordinary, section, field))) == types


def test_affiliate_orders_have_commissions(history: list[Order]) -> None:
    sections = [order.body["order"] for order in history]
    affiliated = [section for section in sections if section["affiliate_name"]]
    assert affiliated
    for section in affiliated:
        assert section["affiliate_commission"] > 0
        assert section["producer_commission"] > 0


def test_phones_may_have_the_country_code_and_a_space(history: list[Order]) -> None:
    phones = values(history, "client", "client_phone")
    assert all(re.fullmatch(r"(\+55 )?[1-9][0-9]90[0-9]{7}", phone) for phone in phones)
    assert any(phone.startswith("55") for phone in phones)


def test_utms_are_filled_null_or_absent(history: list[Order]) -> None:
    utms = [order.body.get("utms") for order in history]
    assert None in utms
    assert empty_utms() in utms
    assert any(section["utm_campaign"] for section in utms if section)


def test_pix_orders_may_have_their_code_in_the_boleto_field(history: list[Order]) -> None:
    slips = [url for url in values(history, "order", "url_bank_slip") if url]
    assert {url[:5] for url in slips} == {"00020", "https"}


def test_odd_accounts_send_street_and_even_accounts_address() -> None:
    odd = Seller(1, "8703").new_order(0, NOW).body["client"]
    even = Seller(1, "8702").new_order(0, NOW).body["client"]
    assert ("client_street" in odd, "client_address" in odd) == (True, False)
    assert ("client_street" in even, "client_address" in even) == (False, True)


def test_subscription_has_its_own_shape() -> None:
    order = Seller(1, "8702").new_order(7, NOW, SUBSCRIPTION_FIRST_STAGES)
    assert order.subscription == {
        "subscription_hash": "ass000007",
        "status": "ativa",
        "frequency": "Mensal",
        "cycle": "1",
        "next_charge_date": "2026-12-03 12:00:00",
    }
    assert "client_address_complement" in order.body["client"]
    assert "client_address_comp" not in order.body["client"]
    assert "first_order" not in order.body["order"]
    assert "qrcode_pix" not in order.body["order"]


def test_renewal_is_a_new_order_of_the_next_cycle() -> None:
    seller = Seller(1, "8702")
    first = seller.new_order(7, NOW, SUBSCRIPTION_FIRST_STAGES)
    renewal = seller.renewal(first, 8, NOW + 30 * DAY_SECONDS)
    assert renewal.subscription is not None
    assert renewal.subscription["subscription_hash"] == "ass000007"
    assert renewal.subscription["cycle"] == "2"
    assert renewal.body["client"] == first.body["client"]
    assert renewal.body["order"]["order_number"] == seller.order_number(8)
    assert renewal.body["order"]["date_order"] == "2026-12-03 12:00:00"
    assert (first.sequence, first.subscription and first.subscription["cycle"]) == (7, "1")
