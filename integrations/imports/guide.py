"""Help before and during an import: a template to fill in, and the first sales of a preview."""

import zlib
from io import BytesIO
from itertools import islice
from typing import Final, Literal

from clients.identity import build_client
from integrations.imports.batches import FileParser, ParsedLine
from integrations.models import ImportState, SalesImport
from integrations.providers.readers import reader_for
from integrations.providers.registry import get_provider
from sales.exports.spreadsheet_writers import Csv, Xlsx
from sales.models import Sale
from sales.sale_changes import new_sale
from sales.statuses import SaleStatus, ShippingStatus

TemplateFormat = Literal["csv", "xlsx"]

SAMPLE_SALES: Final = 5
_SAMPLE_LINES: Final = 50
"""Lines that are read at most for the sample: the first ones may have problems."""
TEMPLATE_FORMATS: Final[tuple[TemplateFormat, ...]] = ("csv", "xlsx")
_WRITERS: Final[dict[str, type[Csv | Xlsx]]] = {"csv": Csv, "xlsx": Xlsx}


def write_template(provider: str, format_: TemplateFormat) -> bytes:
    """Return a file with the usual headers and two example lines, which no import takes."""
    columns = [c for c in get_provider(provider).accepted_columns() if c.is_in_template]
    content = BytesIO()
    writer = _WRITERS[format_](
        content, [column.headers[0] for column in columns], "Modelo de vendas"
    )
    for number in range(2):
        writer.add([column.examples[number] for column in columns])
    writer.close()
    return content.getvalue()


def column_labels(provider: str) -> dict[str, str]:
    """Return each field's best header: its name for people."""
    return {c.field: c.headers[0] for c in get_provider(provider).accepted_columns()}


def sample(job: SalesImport) -> list[Sale]:
    """Return the first sales of a preview, unsaved, as they will be recorded if they are new.

    Each has its number of the file's line as `line`. They are read from the file at each call,
    and empty once it was deleted: a person's data are stored nowhere else.
    """
    if job.state != ImportState.PREVIEWED or job.content is None:
        return []
    file = get_provider(job.integration.provider).read_file(zlib.decompress(bytes(job.content)))
    parser = FileParser(file, reader_for(job.integration), job.integration.user.email)
    batch = parser.parse(islice(file.lines(), _SAMPLE_LINES))
    priced = [
        line for line in batch.lines if line.order.sale and line.order.sale.total_price is not None
    ]
    return [_unsaved_sale(job, line) for line in priced[:SAMPLE_SALES]]


def _unsaved_sale(job: SalesImport, line: ParsedLine) -> Sale:
    facts, user_id = line.order.sale, job.integration.user_id
    assert facts
    sale = new_sale(facts, user_id=user_id, source=job.integration.provider)
    sale.status = facts.status or SaleStatus.PENDING
    sale.shipping_status = facts.shipping_status or ShippingStatus.PENDING
    sale.client = build_client(user_id, line.order.customer)
    vars(sale)["line"] = line.number
    return sale
