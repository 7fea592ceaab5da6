"""Syncs with the ways in which Coinzz may list its sales."""

import math
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from flowzz.core.db.jobs import JobState
from integrations.models import SyncRun, Trigger
from integrations.providers.coinzz.api import transport
from integrations.providers.coinzz.decoding import decode_json
from integrations.secrets import field_encryption
from integrations.sync import runs
from sales.models import Sale
from sandbox.api.listings import order_hash
from sandbox.store import Page as StoredPage
from sandbox.store import Store
from tests.integrations.sellers import Seller
from tests.sandbox.client import SandboxClient

pytestmark = pytest.mark.django_db

SALES = 120


def use_key_of(seller: Seller, coinzz: SandboxClient, account: str) -> None:
    field_encryption.encrypt(seller.integration, "api_key", coinzz.sandbox.api_key(account))
    seller.integration.save()


def sync(seller: Seller, coinzz: SandboxClient, account: str) -> SyncRun:
    use_key_of(seller, coinzz, account)
    run = runs.request_run(seller.integration, Trigger.USER, is_full=True)
    runs.execute(run.id)
    run.refresh_from_db()
    return run


def test_listing_with_other_names_is_synced_by_its_settings(
    coinzz: SandboxClient, settings: Settings
) -> None:
    settings.COINZZ_API_SALES_PATH = "orders"
    settings.COINZZ_API_SINCE_PARAM = "from"
    settings.COINZZ_API_SINCE_FORMAT = "%Y-%m-%dT%H:%M:%S"
    settings.COINZZ_API_PAGE_PARAM = "pagina"
    settings.COINZZ_API_PER_PAGE_PARAM = "limite"
    settings.COINZZ_API_ITEMS_KEY = ["orders"]
    settings.COINZZ_API_LAST_PAGE_KEY = ["pagination.last"]
    settings.COINZZ_API_TOTAL_KEY = ["pagination.count"]
    run = sync(Seller(), coinzz, "4041")
    assert (run.state, run.pages, run.created, run.errors) == (JobState.SUCCEEDED, 3, SALES, 0)


@pytest.mark.parametrize("account", ["4040", "4041"])
def test_listing_that_is_absent_fails_the_run_and_leaves_the_cursor(
    coinzz: SandboxClient, account: str
) -> None:
    seller = Seller()
    run = sync(seller, coinzz, account)
    seller.integration.refresh_from_db()
    assert (run.state, run.processed) == (JobState.FAILED, 0)
    assert run.error.startswith("O Coinzz respondeu com uma página HTML em vez de dados.")
    assert seller.integration.sync_cursor is None


@pytest.mark.parametrize("gone", [1, 70])
@pytest.mark.parametrize("turn_seconds", [math.inf, 0])
def test_sales_that_leave_the_listing_while_it_is_read_hide_no_others(
    coinzz: SandboxClient, monkeypatch: pytest.MonkeyPatch, gone: int, turn_seconds: float
) -> None:
    """The first sales of the next page have moved to pages that were read already."""
    seller, read_pages = Seller(), set[int]()
    all_sales = Store.changed_since

    def shrinking(
        store: Store, account: str, since: float, *, page: int, per_page: int
    ) -> StoredPage:
        bodies = all_sales(store, account, since, page=1, per_page=1000).bodies
        if 2 in read_pages:
            bodies = bodies[gone:]
        read_pages.add(page)
        return StoredPage(bodies[(page - 1) * per_page : page * per_page], len(bodies))

    monkeypatch.setattr(Store, "changed_since", shrinking)
    use_key_of(seller, coinzz, "8702")
    run = runs.request_run(seller.integration, Trigger.USER, is_full=True)
    while run.is_under_way:
        runs.execute(run.id, turn_seconds=turn_seconds)
        run.refresh_from_db()

    assert (run.state, Sale.objects.count()) == (JobState.SUCCEEDED, SALES)


def test_page_that_seems_to_be_behind_the_last_one_ends_no_run_too_early(
    coinzz: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second page once tells that the first one is the last."""
    replaced: list[int] = []

    def decode_wrongly_once(body: bytes) -> Any:
        response = decode_json(body)
        if response["meta"]["current_page"] == 2 and not replaced:
            replaced.append(response["meta"].pop("last_page"))
            response["meta"]["last_page"] = 1
        return response

    monkeypatch.setattr(transport, "decode_json", decode_wrongly_once)
    monkeypatch.setattr("integrations.providers.coinzz.api.client.CoinzzClient._wait", lambda *_: 0)
    run = sync(Seller(), coinzz, "8702")
    assert (replaced, run.state, run.created) == ([3], JobState.SUCCEEDED, SALES)


def test_listing_of_hashes_adds_to_the_sales_of_webhooks(coinzz: SandboxClient) -> None:
    seller = Seller()
    orders = coinzz.control("GET", "orders", account="4042")["orders"]
    delivered = [order["body"] for order in orders[SALES // 2 :]]
    seller.process(*delivered)
    run = sync(seller, coinzz, "4042")
    assert (run.state, run.processed, run.created) == (JobState.SUCCEEDED, SALES, SALES // 2)
    numbers = {body["order"]["order_number"] for body in delivered}
    linked = Sale.objects.filter(external_id__in=numbers).values_list("external_id", "order_hash")
    assert dict(linked) == {number: order_hash(number) for number in numbers}


@pytest.mark.parametrize("count", [4, 5])
def test_listing_in_which_no_sale_is_readable_leaves_the_cursor(
    coinzz: SandboxClient, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """A few unreadable sales are counted alone; if all of several are, their form has changed."""
    items = [{"codigo": f"ped{number}", "preco": "10,00"} for number in range(count)]
    page = {"data": items, "meta": {"last_page": 1, "total": count}}
    monkeypatch.setattr(transport, "decode_json", lambda _: page)
    seller = Seller()
    run = sync(seller, coinzz, "8702")
    seller.integration.refresh_from_db()

    assert (run.processed, run.errors) == (count, count)
    if count < runs.MIN_UNREADABLE:
        assert (run.state, run.error) == (JobState.SUCCEEDED, "")
        assert seller.integration.sync_cursor == run.started_at
    else:
        assert (run.state, run.error_code) == (JobState.FAILED, "UNEXPECTED_RESPONSE")
        assert run.error.startswith("Nenhuma das 5 vendas que o Coinzz listou pôde ser lida.")
        assert seller.integration.sync_cursor is None
        assert seller.integration.last_sync_status == "error"
