"""The largest and strangest bodies, texts and files make no large page of the back-office."""

import pytest
from django.test import Client as Browser
from django.urls import reverse

from flowzz.backoffice.display import change_url, list_url
from integrations.imports import import_jobs
from integrations.models import EventState, SalesImport, WebhookEvent
from integrations.providers.coinzz import COINZZ
from sales.models import Sale
from tests import payloads
from tests.integrations.sellers import Seller
from tests.security.limits import worst_cases
from tests.staff import log_in_member

pytestmark = pytest.mark.django_db

MAX_PAGE_BYTES = 1_000_000
"""Of the HTML; a page with nothing on it has 100 KB, and escapes may take six characters."""


def open_all(staff: Browser, *urls: str) -> dict[str, tuple[int, bool]]:
    pages = {url: staff.get(url) for url in urls}
    return {
        url: (page.status_code, len(page.content) < MAX_PAGE_BYTES) for url, page in pages.items()
    }


ORDERS = dict(worst_cases.worst_orders())


@pytest.mark.parametrize("name", ORDERS)
def test_pages_of_the_worst_orders_are_small(name: str) -> None:
    seller, body = Seller(), ORDERS[name]
    seller.process(payloads.order(), body, body | {"outro": 1})
    assert not WebhookEvent.objects.filter(state__in=["PENDING", "RETRY"]).exists()
    rows = (seller.events[-1], seller.sale(), seller.buyer("ordzzzzz"))
    for group in ("Suporte", "Operações"):
        urls = [change_url(row) for row in rows]
        urls += [list_url(type(row)) for row in rows if group == "Suporte"]
        assert open_all(log_in_member(group), *urls) == dict.fromkeys(urls, (200, True))


@pytest.mark.parametrize("body", worst_cases.unreadable_bodies().values())
def test_pages_of_unreadable_bodies_are_small(body: bytes) -> None:
    seller = Seller()
    seller.process(body)
    (event,) = seller.events
    assert event.state == EventState.QUARANTINED
    group = f"{reverse('backoffice:quarantine_group')}?causa={event.cause}"
    preview = f"{reverse('backoffice:quarantine_preview')}?causa={event.cause}"
    for name in ("Suporte", "Operações"):
        urls = (change_url(event), reverse("backoffice:quarantine"), group, preview)
        pages = open_all(log_in_member(name), *urls)
        assert {url for url, page in pages.items() if not page[1] or page[0] >= 500} == set()


@pytest.mark.parametrize("text", worst_cases.LONG_TEXTS)
def test_long_searches_are_answered(text: str) -> None:
    for model in (Sale, WebhookEvent):
        pages = open_all(log_in_member("Operações"), f"{list_url(model)}?q={text}")
        assert list(pages.values()) == [(200, True)]
    pages = open_all(log_in_member("Operações"), f"{reverse('backoffice:search')}?q={text}")
    assert list(pages.values()) == [(200, True)]


@pytest.mark.parametrize("content", dict(worst_cases.worst_files(1_000_000)).values())
def test_pages_of_the_worst_files_are_small(content: bytes) -> None:
    user_id = Seller().integration.user_id
    try:
        row: SalesImport = import_jobs.receive(
            user_id=user_id, provider=COINZZ, content=content, is_preview=True
        )
    except import_jobs.FileRefused as refusal:
        message = refusal.message
    else:
        message = ""
    assert len(message) < 1_000
    if message:
        return
    for group in ("Suporte", "Operações"):
        assert open_all(log_in_member(group), change_url(row)) == {change_url(row): (200, True)}


def test_worst_orders_are_accepted_by_the_intake() -> None:
    sizes = {name: len(payloads.encode(body)) for name, body in ORDERS.items()}
    assert {name: size for name, size in sizes.items() if size > 262_144} == {}
