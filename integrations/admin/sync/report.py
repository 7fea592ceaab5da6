"""What a run found: sales that it couldn't read, and what the webhooks had missed or told wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Count, DateTimeField, DecimalField, Sum
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from flowzz.backoffice import masking
from flowzz.backoffice.display import row_link
from flowzz.core.formatting import format_reais
from integrations.models import FindingKind, SyncFinding, SyncRun
from sales.models import Sale

SHOWN = 25
_OPEN = {
    "product_name",
    "product_sku",
    "payment_method",
    "commission",
    "sale_date",
    "quantity",
    "unit_price",
    "total_price",
    "status",
    "shipping_status",
    "unknown_status",
    "unknown_shipping_status",
    "deleted_at",
}
"""Fields of a sale that tell nothing of the buyer: the values of all others are hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All findings of a kind by number and value, the first of them as rows of a table."""

    count: int
    money: str
    href: str
    headers: Sequence[str]
    rows: Sequence[Sequence[object]]
    tone: str = "neutral"


@dataclass(frozen=True, slots=True)
class Account:
    errors: Found
    missed: Found
    differs: Found


def account_of(run: SyncRun, *, masked: bool) -> Account:
    """Five statements, however many findings there are."""
    totals = {
        kind: (count, value or Decimal(0))
        for kind, count, value in SyncFinding.objects.filter(run=run)
        .order_by()
        .values_list("kind")
        .annotate(Count("id"), Sum("value"))
    }
    first = {kind: _first(run, kind, masked=masked) for kind in FindingKind if kind in totals}
    sales = _sales(run, [finding for found in first.values() for finding in found])

    def found(kind: FindingKind, *headers: str, tone: str = "neutral") -> Found:
        count, value = totals.get(kind, (0, Decimal(0)))
        shown = first.get(kind, [])
        return Found(
            count=count,
            money=money(value),
            href=_list_of(run, kind) if count else "",
            headers=("Pedido", *headers),
            rows=[(_number(finding, sales), *_CELLS[kind](finding)) for finding in shown],
            tone=tone if count else "neutral",
        )

    return Account(
        errors=found(FindingKind.ERROR, "Por quê", tone="bad"),
        missed=found(FindingKind.MISSED, "Valor"),
        differs=found(FindingKind.DIFFERS, "Valor", "O que mudou"),
    )


def money(value: Decimal | None) -> str:
    """`R$ 1.234,56`, in one piece."""
    return "—" if value is None else format_reais(value)


def differences(finding: SyncFinding) -> SafeString:
    """The fields in the words of the sale's own page, a line each."""
    return format_html_join(
        SafeString("<br>"), "{}", ([described(difference)] for difference in finding.fields)
    )


def mask(finding: SyncFinding) -> None:
    """Hide in memory the values of fields that may lead to a person."""
    finding.fields = [_masked(difference) for difference in finding.fields]


def described(difference: Mapping[str, str]) -> str:
    """`situação: Pendente → Pago`; of what has no values its name alone."""
    name = difference["field"]
    try:
        field: Any = Sale._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    if "after" not in difference:
        return str(field.verbose_name)
    before, after = (_value(field, difference[at]) for at in ("before", "after"))
    return f"{field.verbose_name}: {before} → {after}"


_CELLS: dict[FindingKind, Callable[[SyncFinding], Sequence[object]]] = {
    FindingKind.ERROR: lambda finding: (finding.message,),
    FindingKind.MISSED: lambda finding: (money(finding.value),),
    FindingKind.DIFFERS: lambda finding: (money(finding.value), differences(finding)),
}


def _first(run: SyncRun, kind: FindingKind, *, masked: bool) -> list[SyncFinding]:
    findings = list(SyncFinding.objects.filter(run=run, kind=kind).order_by("id")[:SHOWN])
    for finding in findings if masked else ():
        mask(finding)
    return findings


def _sales(run: SyncRun, findings: Sequence[SyncFinding]) -> dict[str, Sale]:
    integration = run.integration
    numbers = [finding.external_id for finding in findings if finding.external_id]
    if not numbers:
        return {}
    sales = Sale.objects.owned_by(integration.user_id).with_external_ids(
        integration.provider, numbers
    )
    return {sale.external_id: sale for sale in sales.only("external_id")}


def _number(finding: SyncFinding, sales: Mapping[str, Sale]) -> object:
    sale = sales.get(finding.external_id)
    return row_link(sale) if sale else finding.external_id or "(sem número)"


def _list_of(run: SyncRun, kind: FindingKind) -> str:
    lists = reverse("admin:integrations_syncfinding_changelist")
    return f"{lists}?run__id__exact={run.id}&kind__exact={kind}"


def _masked(difference: Mapping[str, str]) -> dict[str, str]:
    if difference["field"] in _OPEN:
        return dict(difference)
    return {name: t if name == "field" else masking.mask_text(t) for name, t in difference.items()}


def _value(field: Any, text: str) -> str:
    """A stored value as people read it."""
    if not text:
        return "—"
    if isinstance(field, DecimalField):
        try:
            return money(Decimal(text))
        except InvalidOperation:
            return text
    if isinstance(field, DateTimeField) and (at := parse_datetime(text)):
        return date_format(localtime(at), "SHORT_DATETIME_FORMAT")
    return str(dict(field.flatchoices).get(text, text))
