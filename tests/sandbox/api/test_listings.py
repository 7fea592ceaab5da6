import pytest
import requests

from sandbox.api.listings import MAX_PER_PAGE, STATUS_CODES, order_hash
from sandbox.orders.stages import STAGES
from sandbox.server import Sandbox
from tests.sandbox.client import SandboxClient
from tests.sandbox.conftest import SALES
from tests.sandbox.receiver import Receiver

NOT_FOUND = "<title>Not Found | Coinzz</title>"


def test_account_4040_has_products_and_no_listing(shared_client: SandboxClient) -> None:
    assert shared_client.get("products", "4040").json()["success"] is True
    for path in ("sales", "orders"):
        response = shared_client.get(path, "4040")
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/html; charset=UTF-8"
        assert NOT_FOUND in response.text


def test_account_4041_has_other_names(shared_client: SandboxClient) -> None:
    query = {"from": "2020-01-01T00:00:00", "pagina": 2, "limite": 100}
    page = shared_client.get("orders", "4041", **query).json()
    assert list(page) == ["orders", "pagination"]
    assert page["pagination"] == {"current": 2, "last": 3, "count": SALES}
    assert len(page["orders"]) == 100
    assert set(page["orders"][0]) <= {"client", "order", "utms"}
    assert NOT_FOUND in shared_client.get("sales", "4041").text


def test_account_4041_ignores_the_default_names(shared_client: SandboxClient) -> None:
    page = shared_client.get("orders", "4041", since="2099-01-01", page=2, per_page=10).json()
    assert (page["pagination"]["current"], len(page["orders"])) == (1, 50)


def test_account_4041_filters_by_an_iso_time(shared_client: SandboxClient) -> None:
    assert shared_client.get("orders", "4041", **{"from": "2099-01-01T00:00:00"}).json() == {
        "orders": [],
        "pagination": {"current": 1, "last": 1, "count": 0},
    }
    refused = shared_client.get("orders", "4041", **{"from": "2099-01-01 00:00:00"})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["from"])


def test_account_4042_lists_hashes_that_its_webhooks_lack(
    client: SandboxClient, receiver: Receiver
) -> None:
    client.control("POST", "webhooks", account="4042", url=receiver.url, rate=0)
    client.control("POST", "burst", account="4042", count=1)
    body = receiver.wait_for(1)[0].body
    page = client.get("sales", "4042", per_page=1).json()
    order = body["order"]
    assert {name: page[name] for name in ("success", "message", "errors")} == {
        "success": True,
        "message": None,
        "errors": None,
    }
    assert page["meta"]["total"] == SALES + 1
    (item,) = page["data"]
    item.pop("pix", None)
    assert item == {
        "order_hash": order_hash(order["order_number"]),
        "status": STATUS_CODES[order["order_status"]],
        "order_final_price": float(order["order_final_price"]),
        "product_name": order["product_name"],
        "method_payment": item["method_payment"],
        "date_order": order["date_order"],
        "client": {
            name: body["client"][name]
            for name in ("client_name", "client_documment", "client_phone")
        },
    }
    assert item["method_payment"] in {"afterpay", "bank_slip", "credit_card", "pix"}
    assert not {"order_hash", "status"} & set(order)


def test_hashes_are_unique(shared_client: SandboxClient) -> None:
    pages = [
        shared_client.get("sales", "4042", per_page=MAX_PER_PAGE, page=page).json()["data"]
        for page in (1, 2)
    ]
    hashes = {item["order_hash"] for page in pages for item in page}
    assert len(hashes) == SALES
    assert all(text.startswith("ven") and text.isalnum() for text in hashes)


def test_every_status_word_has_a_code() -> None:
    assert {stage.order_status for stage in STAGES.values()} == STATUS_CODES.keys()


def test_listing_of_an_account_can_be_selected(client: SandboxClient) -> None:
    assert client.control("GET", "listing") == {"account": "8702", "listing": "laravel"}
    selected = client.control("POST", "listing", listing="renamed")
    assert selected == {"account": "8702", "listing": "renamed"}
    assert len(client.get("orders").json()["orders"]) == 50
    assert len(client.sales("8704")["data"]) == 50


def test_unknown_listing_is_refused(shared_client: SandboxClient) -> None:
    with pytest.raises(requests.HTTPError, match="400"):
        shared_client.control("POST", "listing", listing="other")


def test_default_listing_leaves_accounts_with_one_of_their_own() -> None:
    with Sandbox(sales=1, listing="none") as sandbox:
        client = SandboxClient(sandbox)
        assert NOT_FOUND in client.get("sales").text
        assert len(client.get("orders", "4041").json()["orders"]) == 1


def test_other_listings_fail_as_asked(client: SandboxClient) -> None:
    client.control("POST", "faults", fault="status:429", account="4041", path="sales", times=1)
    assert client.get("orders", "4041").status_code == 429
    assert client.get("orders", "4041").status_code == 200
