"""The report of a sync run: sales with errors, and what the webhooks had missed or got wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Sum

from flowzz.backoffice.display import list_url, row_link
from integrations.admin.sync.findings import format_value, mask_differences, render_differences
from integrations.models import FindingKind, SyncFinding, SyncRun
from sales.models import Sale

MAX_ROWS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingGroup:
    """All findings of a kind: their number and value, and table rows for the first of them."""

    count: int
    value: str
    url: str
    headers: Sequence[str]
    rows: Sequence[Sequence[object]]


def _value(finding: SyncFinding) -> str:
    return format_value(finding.value)


def _message(finding: SyncFinding) -> str:
    return finding.message


_COLUMNS: dict[FindingKind, dict[str, Callable[[SyncFinding], object]]] = {
    FindingKind.ERROR: {"Por quê": _message},
    FindingKind.MISSED: {"Valor": _value},
    FindingKind.DIFFERS: {"Valor": _value, "O que mudou": render_differences},
    FindingKind.UNASSOCIATED: {"Valor": _value},
    FindingKind.WARNING: {"O que não pôde ser lido": _message},
}
"""The columns after the order's."""


def build_report(run: SyncRun, *, is_masked: bool) -> dict[str, FindingGroup]:
    """Read the findings of a run by kind, in a constant number of statements."""
    totals = {
        kind: (count, value or Decimal(0))
        for kind, count, value in SyncFinding.objects.filter(run=run)
        .order_by()
        .values_list("kind")
        .annotate(Count("id"), Sum("value"))
    }
    findings = {
        kind: _first_findings(run, kind, is_masked=is_masked) if kind in totals else []
        for kind in FindingKind
    }
    sales = _sales(run, [finding for group in findings.values() for finding in group])

    def group(kind: FindingKind) -> FindingGroup:
        count, value = totals.get(kind, (0, Decimal(0)))
        url = list_url(SyncFinding, run__id__exact=run.id, kind__exact=kind)
        return FindingGroup(
            count=count,
            value=format_value(value),
            url=url if count else "",
            headers=("Pedido", *_COLUMNS[kind]),
            rows=[
                (_order_cell(finding, sales), *(cell(finding) for cell in _COLUMNS[kind].values()))
                for finding in findings[kind]
            ],
        )

    return {kind.value: group(kind) for kind in FindingKind}


def _first_findings(run: SyncRun, kind: FindingKind, *, is_masked: bool) -> list[SyncFinding]:
    findings = list(SyncFinding.objects.filter(run=run, kind=kind).order_by("id")[:MAX_ROWS])
    if is_masked:
        for finding in findings:
            mask_differences(finding)
    return findings


def _sales(run: SyncRun, findings: Sequence[SyncFinding]) -> dict[str, Sale]:
    integration = run.integration
    numbers = [finding.external_id for finding in findings if finding.external_id]
    if not numbers:
        return {}
    sales = Sale.objects.owned_by(integration.user_id).with_order_ids(integration.provider, numbers)
    found = sales.only("external_id", "order_hash")
    return {order_id: sale for sale in found for order_id in sale.order_ids}


def _order_cell(finding: SyncFinding, sales: Mapping[str, Sale]) -> object:
    sale = sales.get(finding.external_id)
    return row_link(sale) if sale else finding.external_id or "(sem número)"
