"""The largest and strangest bodies, texts and files make no large page of the back-office."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from flowzz.backoffice.display import change_url, list_url
from integrations.imports import import_jobs
from integrations.models import EventState, SalesImport, WebhookEvent
from integrations.providers.coinzz import COINZZ, fields
from sales.models import Sale
from tests import payloads
from tests.integrations.sellers import Seller
from tests.staff import log_in_member

pytestmark = pytest.mark.django_db

BODY_BYTES = 250_000
"""Nearly what a webhook may have."""
MAX_PAGE_BYTES = 1_000_000
"""Of the HTML; a page with nothing on it has 100 KB, and escapes may take six characters."""


def deep(levels: int, key: str, leaf: Any) -> Any:
    for _ in range(levels):
        leaf = {key: leaf}
    return leaf


def worst_orders() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield orders whose body, with the order itself, is about as long as is accepted."""
    long = "a" * BODY_BYTES
    for section, names in fields.KNOWN.items():
        share = long[: BODY_BYTES // len(names)]
        body = payloads.order()
        body[section] = dict.fromkeys(names, share) | body.get(section, {})
        yield f"long texts in {section}", body
    for name in ("order_final_price", "date_order", "order_quantity", "deleted_at"):
        yield (
            f"spaces in {name}",
            payloads.order()
            | {"order": payloads.order()["order"] | {name: f"1{' ' * BODY_BYTES}x"}},
        )
    for text in ("a", "@", "a@", "<", "\u202e", "a "):
        repeated = text * (BODY_BYTES // len(text.encode()))
        yield f"repeated {text!r} in a shown field", payloads.order(product_name=repeated)
        yield f"repeated {text!r} in a name", payloads.order(client={"client_name": repeated})
        yield f"repeated {text!r} in an unknown field", payloads.order() | {"novo": repeated}
        yield f"repeated {text!r} as a key", payloads.order() | {repeated: 1}
    wide = [1] * (BODY_BYTES // 4)
    yield "deep keys", payloads.order() | deep(50, "k" * 1_000, wide[: BODY_BYTES // 8])
    yield "deep lists", payloads.order() | {"novo": deep(55, "k", [[[wide]]])}
    yield "wide list", payloads.order(coproducers=wide)
    yield "many keys", payloads.order() | {f"campo{number}": 1 for number in range(14_000)}
    many: dict[str, Any] = {f"c{number}": "x" for number in range(14_000)}
    yield "many keys of the order", payloads.order(**many)
    unreadable: dict[str, Any] = {key: {"a": 1} for key in fields.METADATA}
    yield "many warnings", payloads.order(**unreadable)


def open_all(staff: Browser, *urls: str) -> dict[str, tuple[int, bool]]:
    pages = {url: staff.get(url) for url in urls}
    return {
        url: (page.status_code, len(page.content) < MAX_PAGE_BYTES) for url, page in pages.items()
    }


ORDERS = dict(worst_orders())


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


@pytest.mark.parametrize(
    "body",
    [b"{" * 250_000, b"\xff" * 250_000, b'{"a":' * 40_000, b"a@" * 125_000, b"[" + b"1," * 125_000],
    ids=["braces", "bytes", "deep", "text", "cut"],
)
def test_pages_of_unreadable_bodies_are_small(body: bytes) -> None:
    seller = Seller()
    seller.process(body)
    (event,) = seller.events
    assert event.state == EventState.QUARANTINED
    group = f"{reverse('backoffice:quarantine_group')}?cause={event.cause}"
    preview = f"{reverse('backoffice:quarantine_preview')}?cause={event.cause}"
    for name in ("Suporte", "Operações"):
        urls = (change_url(event), reverse("backoffice:quarantine"), group, preview)
        pages = open_all(log_in_member(name), *urls)
        assert {url for url, page in pages.items() if not page[1] or page[0] >= 500} == set()


@pytest.mark.parametrize(
    "text", ["a" * 7_000, "a " * 3_500, "9" * 7_000, "a@" * 3_500, "%_" * 3_500]
)
def test_long_searches_are_answered(text: str) -> None:
    for model in (Sale, WebhookEvent):
        pages = open_all(log_in_member("Operações"), f"{list_url(model)}?q={text}")
        assert list(pages.values()) == [(200, True)]
    pages = open_all(log_in_member("Operações"), f"{reverse('backoffice:search')}?q={text}")
    assert list(pages.values()) == [(200, True)]


HEADER = "Pedido;Data;Cliente;Telefone;Produto;Valor;Status"
LINE = "ordaaaaa;02/10/2025 22:41;Íris Prado;62954544554;Creme;1.234,56;Aprovado"


@pytest.mark.parametrize(
    "lines",
    [
        (HEADER + ";x" * 20_000, LINE + ";y" * 20_000),
        (f"{HEADER};{'(un' * 100_000}", LINE),
        (HEADER, LINE.replace("Creme", "a" * 1_000_000)),
        (HEADER, LINE.replace("1.234,56", "1" + " " * 1_000_000 + "x")),
        (HEADER, *[LINE.replace("Aprovado", f"{number}" * 1_000) for number in range(500)]),
        (HEADER, *[LINE.replace("1.234,56", "grátis" * 100)] * 5_000),
    ],
    ids=["wide", "long header", "long cell", "spaces", "many words", "many errors"],
)
def test_pages_of_the_worst_files_are_small(lines: tuple[str, ...]) -> None:
    content = "\n".join(lines).encode()
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
