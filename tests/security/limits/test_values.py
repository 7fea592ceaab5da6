"""Values of any length, incompressible ones too, lose no sale and make no row grow without end."""

import random
import re
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from integrations.imports import import_jobs
from integrations.models import SalesImport, SyncRun
from integrations.providers.coinzz import COINZZ, fields
from integrations.providers.coinzz.files.columns import COLUMNS
from integrations.providers.contracts import Page
from sales.metadata import DROPPED, MAX_BYTES
from sales.models import Sale
from tests import payloads
from tests.factories import SyncRunFactory
from tests.integrations.sellers import Seller
from tests.integrations.sync.syncing import apply_page

pytestmark = pytest.mark.django_db

LENGTH = 10_000
NEEDED = {"order_number", "order_hash", "order_final_price", "unit_price"}
"""Without a readable id and price there is no sale."""
FIELDS = [
    *(("client", name) for name in sorted(fields.CLIENT)),
    *(("order", name) for name in sorted(fields.SALE | fields.METADATA)),
    *(("utms", name) for name in sorted(fields.UTMS)),
    *(("subscription", name) for name in sorted(fields.SUBSCRIPTION)),
    ("order", "unknown"),
    ("", "unknown"),
]
BOUNDED = r'^"left"\(|^lower\(email::text\)$'
"""Expressions of an index whose result is short: a beginning, and an e-mail of 254 characters."""


def incompressible(length: int = LENGTH) -> str:
    """Return letters of three bytes in random order: neither index nor TOAST can shorten them."""
    return "".join(map(chr, random.Random(1).choices(range(0x4E00, 0x9F00), k=length)))


def long_order(section: str, name: str, text: str) -> dict[str, Any]:
    body = payloads.order() | {"subscription": payloads.subscription()["subscription"]}
    (body[section] if section else body)[name] = text
    return body


@pytest.mark.parametrize(("section", "name"), FIELDS)
def test_long_value_of_a_webhook_loses_no_sale(section: str, name: str) -> None:
    seller = Seller()
    seller.process(long_order(section, name, incompressible()))
    assert {state for state, _ in seller.states} <= {"DONE", "QUARANTINED"}
    if name not in NEEDED:
        assert Sale.objects.count() == 1


def test_long_values_of_api_items_lose_no_sale() -> None:
    seller = Seller()
    bodies = [long_order(*field, incompressible()) for field in FIELDS if field[1] not in NEEDED]
    for number, body in enumerate(bodies):
        body["order"]["order_number"] = f"ord{number:05}"
    run: SyncRun = SyncRunFactory.create(integration=seller.integration)
    page = Page(
        number=1, last_page=1, total=None, items=bodies, has_next=False, fetched_at=timezone.now()
    )
    apply_page(run, page)
    assert (run.errors, Sale.objects.count()) == (0, len(bodies))


def test_long_values_of_files_lose_no_sale() -> None:
    seller = Seller()
    paths = [path for path in COLUMNS if path.partition(".")[2] not in NEEDED]
    for number, path in enumerate(paths):
        needed = {
            "order.order_number": f"ord{number:05}",
            "order.order_final_price": "10,00",
            "order.date_order": "02/10/2025",
        }
        cells = needed | {path: incompressible()}
        header = ";".join(COLUMNS[name][0] for name in cells)
        row: SalesImport = import_jobs.receive(
            user_id=seller.integration.user_id,
            provider=COINZZ,
            content="\n".join((header, ";".join(cells.values()))).encode(),
        )
        if path not in needed:
            assert (row.errors, Sale.objects.count()) == (0, number + 1), path


def test_new_fields_in_every_event_do_not_grow_the_sale() -> None:
    seller = Seller()
    for number in range(12):
        body = payloads.order() | {f"novo{number}": incompressible(60_000)}
        seller.process(body)
    metadata = seller.sale().metadata
    assert {state for state, _ in seller.states} == {"DONE"}
    assert len(str(metadata).encode()) < MAX_BYTES + 20_000
    assert len(metadata[DROPPED]) == 12


def test_numbers_of_any_length_lose_no_sale() -> None:
    seller = Seller()
    values: tuple[Any, ...] = (10**25, -(10**400), 0.1, 1e300)
    for number, value in enumerate(values):
        for name in ("logistic_fee", "financial_fees", "producer_commission", "unknown"):
            seller.process(payloads.order(f"ord{number}{name}"[:20], **{name: value}))
    assert {state for state, _ in seller.states} == {"DONE"}


def test_no_index_contains_text_of_any_length() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT i.relname, pg_get_indexdef(i.oid, a.attnum, true)
            FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
            JOIN pg_am m ON m.oid = i.relam AND m.amname = 'btree'
            JOIN pg_attribute a ON a.attrelid = i.oid
            WHERE i.relnamespace = 'public'::regnamespace
            AND (a.atttypid IN ('text'::regtype, 'jsonb'::regtype) OR
                (a.atttypid = 'varchar'::regtype AND a.atttypmod NOT BETWEEN 1 AND 504))
            """
        )
        found = [(name, text) for name, text in cursor.fetchall() if not re.search(BOUNDED, text)]
    assert found == []
