import re
from collections import Counter
from typing import Any

import pytest

from sandbox.catalog import no_utms
from sandbox.clock import DAY, seconds
from sandbox.orders import Order
from sandbox.sellers import Seller
from sandbox.stages import SUBSCRIPTION_STARTS

NOW = seconds("2026-11-03 12:00:00")


@pytest.fixture(scope="module")
def history() -> list[Order]:
    return list(Seller(1, "8702").history(1000, NOW))


def values(history: list[Order], section: str, field: str) -> list[Any]:
    return [order.body[section].get(field) for order in history]


def test_the_same_seed_and_account_give_the_same_history(history: list[Order]) -> None:
    assert list(Seller(1, "8702").history(1000, NOW)) == history
    assert list(Seller(2, "8702").history(5, NOW)) != list(Seller(1, "8702").history(5, NOW))
    assert list(Seller(1, "8703").history(5, NOW)) != list(Seller(1, "8702").history(5, NOW))


def test_order_numbers_are_ord_and_five_letters_and_never_repeat(history: list[Order]) -> None:
    numbers = values(history, "order", "order_number")
    assert len(set(numbers)) == len(numbers)
    assert all(re.fullmatch("ord[a-z]{5}", number) for number in numbers)


def test_history_spreads_over_ninety_days_and_ends_before_now(history: list[Order]) -> None:
    born = [seconds(date) for date in values(history, "order", "date_order")]
    assert born == sorted(born)
    assert NOW - 90 * DAY <= born[0] < NOW - 89 * DAY
    assert NOW - DAY < born[-1] <= NOW
    assert all(b <= order.changed <= NOW for b, order in zip(born, history, strict=True))


def test_old_orders_have_come_to_an_end(history: list[Order]) -> None:
    assert Counter(order.stage.endswith("_shipped") for order in history[:600]) == {False: 600}


def test_documents_come_in_all_their_forms(history: list[Order]) -> None:
    documents = values(history, "client", "client_documment")
    forms = Counter(re.sub("[A-Z]", "A", re.sub("[0-9]", "0", text)) for text in documents)
    assert {"", "0" * 11, "0" * 10, "0" * 14, "000.000.000-00", "00.000.000/0000-00"} <= set(forms)
    assert any("A" in form for form in forms)


def test_some_buy_again_with_the_document_written_otherwise(history: list[Order]) -> None:
    forms: dict[str, set[str]] = {}
    for text in filter(None, values(history, "client", "client_documment")):
        forms.setdefault(re.sub(r"\W", "", text).zfill(11), set()).add(text)
    assert any(len(written) > 1 for written in forms.values())


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
def test_fields_vary_in_type_as_they_do_at_coinzz(
    history: list[Order], section: str, field: str, types: set[type]
) -> None:
    ordinary = [order for order in history if order.subscription is None]
    assert set(map(type, values(ordinary, section, field))) == types


def test_affiliate_orders_tell_the_commissions(history: list[Order]) -> None:
    affiliated = [o.body["order"] for o in history if o.body["order"]["affiliate_name"]]
    assert affiliated
    for section in affiliated:
        assert section["affiliate_commission"] > 0
        assert section["producer_commission"] > 0


def test_phones_are_bare_or_have_the_country_code_and_one_space(history: list[Order]) -> None:
    phones = values(history, "client", "client_phone")
    assert all(re.fullmatch(r"(\+55 )?[1-9][0-9]90[0-9]{7}", phone) for phone in phones)
    assert any(phone.startswith("55") for phone in phones)


def test_utms_are_filled_null_or_absent(history: list[Order]) -> None:
    utms = [order.body.get("utms") for order in history]
    assert None in utms
    assert no_utms() in utms
    assert any(section["utm_campaign"] for section in utms if section)


def test_pix_orders_may_carry_the_code_in_the_boleto_field(history: list[Order]) -> None:
    slips = [url for url in values(history, "order", "url_bank_slip") if url]
    assert {url[:5] for url in slips} == {"00020", "https"}


def test_odd_accounts_say_street_and_even_ones_address() -> None:
    odd = Seller(1, "8703").new_order(0, NOW).body["client"]
    even = Seller(1, "8702").new_order(0, NOW).body["client"]
    assert ("client_street" in odd, "client_address" in odd) == (True, False)
    assert ("client_street" in even, "client_address" in even) == (False, True)


def test_a_subscription_has_its_own_shape() -> None:
    order = Seller(1, "8702").new_order(7, NOW, SUBSCRIPTION_STARTS)
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


def test_a_renewal_is_a_new_order_of_the_next_cycle() -> None:
    seller = Seller(1, "8702")
    first = seller.new_order(7, NOW, SUBSCRIPTION_STARTS)
    renewal = seller.renewal(first, 8, NOW + 30 * DAY)
    assert renewal.subscription is not None
    assert renewal.subscription["subscription_hash"] == "ass000007"
    assert renewal.subscription["cycle"] == "2"
    assert renewal.body["client"] == first.body["client"]
    assert renewal.body["order"]["order_number"] == seller.order_number(8)
    assert renewal.body["order"]["date_order"] == "2026-12-03 12:00:00"
    assert (first.sequence, first.subscription and first.subscription["cycle"]) == (7, "1")
