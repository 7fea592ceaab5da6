"""The worst that anybody can send or store: long texts, deep and wide JSON, and many rows."""

import io
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import xlsxwriter
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import CharField, Field, Model, TextField, Value
from django.db.models.functions import Cast, Concat, Left
from psycopg import sql

from clients.models import Client
from flowzz.accounts.models import StaffAction
from integrations.imports import import_jobs
from integrations.models import EventState, Integration, SyncFinding, WebhookEvent, WebhookPayload
from integrations.providers.coinzz import COINZZ, fields
from sales.metadata import limit_metadata
from sales.models import Sale, SaleStatusChange, SubscriptionCycle
from tests import payloads
from tests.integrations.admin.rows import make_rows
from tests.security.staff_actions import SampleRows

BODY_BYTES = 250_000
"""Nearly what a webhook may have."""
LONG_TEXTS = ("a" * 7_000, "a " * 3_500, "9" * 7_000, "a@" * 3_500, "%_" * 3_500)
"""What is typed into a search or a filter, nearly as long as an address may be."""
WIDE = "'\N{GRINNING FACE}" * 10_000
"""A text that needs the most bytes as HTML (the quote) and as UTF-8 (the emoji)."""
MAX_MESSAGE = 5_000
"""Characters of our own messages, which quote what others sent."""
ROWS = 60
"""Rows of every model: more than a page of a list has."""
MANY = 600
"""Rows of one kind that belong to one row: more than a preview or a history shows."""
MANY_SALES = 600
"""Sales of one client: more than an export reads at once, many times over."""
CAUSE = "invalid_money:order.order_final_price"
OUR_TEXTS = {
    *("provider", "source", "reason", "cause", "kind", "field", "query", "page", "status"),
    *("from_status", "to_status", "previous_status", "overridden_status", "refused_status"),
    *("overridden_shipping_status", "refused_shipping_status", "status_word"),
    *("external_id", "order_hash", "subscription_hash", "word", "password", "password_digest"),
    *("api_key", "signing_secret", "previous_signing_secret", "token", "token_hash", "token_id"),
}
"""Columns whose text we choose, or by which rows refer to each other."""
HEADER = "Pedido;Data;Cliente;Telefone;Produto;Valor;Status"
LINE = "ordaaaaa;02/10/2025 22:41;Íris Prado;62954544554;Creme;1.234,56;Aprovado"


def deep(levels: int, key: str, leaf: Any) -> Any:
    for _ in range(levels):
        leaf = {key: leaf}
    return leaf


def worst_orders(size: int = BODY_BYTES) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield orders whose body, with the order itself, has about `size` bytes."""
    long = "a" * size
    for section, names in fields.KNOWN.items():
        body = payloads.order()
        body[section] = dict.fromkeys(names, long[: size // len(names)]) | body.get(section, {})
        yield f"long texts in {section}", body
    for name in ("order_final_price", "date_order", "order_quantity", "deleted_at"):
        spaces: dict[str, Any] = {name: f"1{' ' * size}x"}
        yield f"spaces in {name}", payloads.order(**spaces)
    for text in ("a", "@", "a@", "<", "\u202e", "a "):
        repeated = text * (size // len(text.encode()))
        yield f"repeated {text!r} in a shown field", payloads.order(product_name=repeated)
        yield f"repeated {text!r} in a name", payloads.order(client={"client_name": repeated})
        yield f"repeated {text!r} in an unknown field", payloads.order() | {"novo": repeated}
        yield f"repeated {text!r} as a key", payloads.order() | {repeated: 1}
    wide = [1] * (size // 4)
    yield "deep keys", payloads.order() | deep(50, "k" * (size // 250), wide[: size // 8])
    yield "deep lists", payloads.order() | {"novo": deep(55, "k", [[[wide]]])}
    yield "wide list", payloads.order(coproducers=wide)
    yield "empty objects", payloads.order(coproducers=[{}] * (size // 4))
    count = size // 18
    yield "many keys", payloads.order() | {f"campo{number}": 1 for number in range(count)}
    many: dict[str, Any] = {f"c{number}": "x" for number in range(count)}
    yield "many keys of the order", payloads.order(**many)
    unreadable: dict[str, Any] = {key: {"a": 1} for key in fields.METADATA}
    yield "many warnings", payloads.order(**unreadable)


def unreadable_bodies(size: int = BODY_BYTES) -> dict[str, bytes]:
    return {
        "braces": b"{" * size,
        "bytes": b"\xff" * size,
        "deep": b'{"a":' * (size // 6),
        "text": b"a@" * (size // 2),
        "cut": b"[" + b"1," * (size // 2),
    }


def worst_files(size: int) -> Iterator[tuple[str, bytes]]:
    """Yield files of about `size` bytes."""
    cell, count = "a" * (size // 2), size // len(LINE)
    long = size // import_jobs.MAX_LINES - len(LINE) - 2
    numbered = [LINE.replace("ordaaaaa", f"ord{number:05}") for number in range(count)]
    lines: dict[str, tuple[str, ...]] = {
        "wide": (HEADER + ";x" * (size // 4), LINE + ";y" * (size // 4)),
        "long header": (f"{HEADER};{'(un' * (size // 3)}", LINE),
        "long cell": (HEADER, LINE.replace("Creme", cell)),
        "emoji": (HEADER, LINE.replace("Creme", "\N{GRINNING FACE}" * (size // 4))),
        "spaces": (HEADER, LINE.replace("1.234,56", "1" + " " * size + "x")),
        "quote": (HEADER, LINE, '"' + LINE * count),
        "many words": (HEADER, *(line.replace("Aprovado", line[:8] * 20) for line in numbered)),
        "many errors": (HEADER, *(line.replace("1.234,56", "grátis" * 100) for line in numbered)),
        "many lines": (HEADER, *numbered),
        "all lines": (f"{HEADER};x", *(f"{line};{'x' * long}" for line in numbered[:50_000])),
    }
    for name, texts in lines.items():
        yield name, "\n".join(texts).encode()[:size]
    yield "workbook", workbook(size // 40)


def workbook(count: int) -> bytes:
    """Return a workbook in which `count` cells have different texts."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER.split(";"))
    for number in range(count):
        sheet.write_string(1 + number // 50, number % 50, f"t{number}")
    book.close()
    return content.getvalue()


def fill(*, count: int = ROWS, many: int = MANY, sales: int = MANY_SALES) -> SampleRows:
    """Fill an empty database with the worst rows; return those that most others belong to.

    `count` of every model, `many` that belong to one, and so many `sales` of one client.
    """
    rows = SampleRows()
    make_rows(count)
    sale = Sale.objects.get(id=rows.ids["sale"])
    _multiply_sale(sale, many, sales)
    _multiply_events(WebhookEvent.objects.get(id=rows.ids["webhookevent"]), sale, many)
    _multiply_others(rows, many)
    _lengthen_texts()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return rows


def worst_metadata() -> dict[str, Any]:
    """Return as much metadata as a sale may have, in as many objects as possible."""
    return limit_metadata({"utms": {"campaign": WIDE[:9_000]}, "extra": {"a": [{}] * 1_900}})


def _multiply_sale(sale: Sale, many: int, sales: int) -> None:
    """Give a sale's client many sales of other campaigns, and the sale a long history."""
    Sale.objects.filter(id=sale.id).update(metadata=worst_metadata(), order_hash="h" * 100)
    campaign = "to_jsonb(n || repeat('\U0001f600', 3000))"
    _copy(
        sale,
        sales,
        id="uuidv7()",
        external_id="'ord' || n",
        order_hash="'hash' || n",
        metadata=f"jsonb_set(row.metadata, '{{utms,campaign}}', {campaign})",
        sale_date="row.sale_date + n * interval '1 minute'",
    )
    _copy(SaleStatusChange.objects.all()[0], many, id="uuidv7()", sale_id=f"'{sale.id}'")


def _multiply_events(event: WebhookEvent, sale: Sale, many: int) -> None:
    """Put the worst bodies into quarantine, many times, all of them for one cause."""
    bodies = [payloads.encode(body) for _, body in worst_orders()]
    bodies += unreadable_bodies().values()
    numbers = {"id": "uuidv7()", "external_id": f"'{sale.external_id}'"}
    WebhookEvent.objects.filter(id=event.id).update(
        cause=CAUSE, state=EventState.QUARANTINED, external_id=sale.external_id
    )
    for body in bodies:
        WebhookEvent.objects.filter(id=event.id).update(body_size=len(body))
        WebhookPayload.objects.filter(event_id=event.id).update(body=body)
        newer = "row.received_at + n * interval '1 second'"
        _copy(event, many // len(bodies) + 1, **numbers, received_at=newer)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO integrations_webhookpayload (event_id, body, headers)"
                " SELECT id, %s, '{}' FROM integrations_webhookevent WHERE external_id = %s"
                " AND id NOT IN (SELECT event_id FROM integrations_webhookpayload)",
                [body, sale.external_id],
            )


def _multiply_others(rows: SampleRows, many: int) -> None:
    finding = SyncFinding.objects.get(id=rows.ids["syncfinding"])
    cycle = SubscriptionCycle.objects.filter(subscription=rows.ids["subscription"])[0]
    action = StaffAction.objects.create(
        action=WIDE[:100],
        target_label=WIDE[:200],
        reason=WIDE[:200],
        content_type=ContentType.objects.get_for_model(Sale),
        target_id=str(rows.ids["sale"]),
        details={"before": WIDE[:200], "after": WIDE[:200]},
    )
    _copy(finding, many, id="uuidv7()", run_id=f"'{rows.ids['syncrun']}'")
    _copy(cycle, many, id="uuidv7()", cycle="100 + n")
    _copy(action, many, id="uuidv7()")
    client = Client.objects.get(id=rows.ids["client"])
    _copy(client, ROWS, id="uuidv7()", merged_into_id=f"'{client.id}'")


def _copy(row: Model, count: int, **changes: str) -> None:
    """Insert copies of a row. `changes` are SQL expressions of `n`, from 1 to `count`."""
    pairs = sql.SQL(", ").join(
        sql.SQL("{}, {}").format(sql.Literal(name), sql.SQL(text)) for name, text in changes.items()
    )
    statement = sql.SQL(
        "INSERT INTO {table} SELECT copy.* FROM {table} AS row, generate_series(1, %s) AS n,"
        # `n` is no column: it has the changes computed for each copy.
        " jsonb_populate_record(row, jsonb_build_object('n', n, {pairs})) AS copy WHERE row.id = %s"
    )
    with connection.cursor() as cursor:
        table = sql.Identifier(row._meta.db_table)
        cursor.execute(statement.format(table=table, pairs=pairs), [count, row.pk])


def _lengthen_texts() -> None:
    """Give every text column of every row the longest text that it can have."""
    for name in ("accounts", "clients", "sales", "integrations"):
        for model in apps.get_app_config(name).get_models():
            has_own_key = "pk" not in {field.name for field in model._meta.fields}
            if has_own_key and model is not StaffAction:  # whose rows nobody changes
                texts = {
                    field.name: Left(Concat(Cast("pk", TextField()), Value(WIDE)), _limit(field))
                    for field in model._meta.concrete_fields
                    if _may_be_anything(field)
                }
                if texts:
                    model._base_manager.update(**texts)


def _may_be_anything(field: Field[Any, Any]) -> bool:
    is_text = isinstance(field, CharField | TextField) and not field.choices
    return is_text and not field.primary_key and field.name not in OUR_TEXTS


def _limit(field: Any) -> int:
    return int(field.max_length or MAX_MESSAGE)


def make_imports(owner: Integration, size: int) -> None:
    """Store previews of the worst files that are accepted."""
    for _, content in worst_files(size):
        with suppress(import_jobs.FileRefused, import_jobs.ImportUnderWay):
            import_jobs.receive(
                user_id=owner.user_id, provider=COINZZ, content=content, is_preview=True
            )
