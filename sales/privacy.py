"""What sales, subscriptions and affiliation requests hold of a person, and its removal."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from clients.models import Client
from clients.privacy import Person
from flowzz.core.db.bulk_upsert import upsert
from sales.facts import MetadataRules, SaleFacts
from sales.models import AffiliationRequest, Sale, Subscription

SALE = {
    "pedido": "external_id",
    "origem": "source",
    "produto": "product_name",
    "codigo_do_produto": "product_sku",
    "quantidade": "quantity",
    "preco_unitario": "unit_price",
    "valor_total": "total_price",
    "comissao": "commission",
    "situacao": "status",
    "entrega": "shipping_status",
    "forma_de_pagamento": "payment_method",
    "codigo_de_rastreio": "tracking_code",
    "cliente_reconhecido_por": "client_match",
    "data_da_venda": "sale_date",
    "pago_em": "paid_at",
    "enviado_em": "shipped_at",
    "entregue_em": "delivered_at",
    "cancelado_em": "cancelled_at",
    "excluido_em": "deleted_at",
    "outros_dados": "metadata",
}
CHANGE = {
    "eixo": "field",
    "de": "from_status",
    "para": "to_status",
    "quando": "changed_at",
    "por": "origin",
}
SUBSCRIPTION = {
    "assinatura": "subscription_hash",
    "origem": "source",
    "produto": "product_name",
    "situacao": "status",
    "frequencia": "frequency",
    "ciclo": "cycle",
    "proxima_cobranca": "next_charge_date",
}
CYCLE = {"ciclo": "cycle", "proxima_cobranca": "next_charge_date", "visto_em": "observed_at"}
AFFILIATION = {
    "nome": "affiliate_name",
    "email": "affiliate_email",
    "telefone": "affiliate_phone",
    "produto": "product_name",
    "situacao": "status",
    "pedido_em": "requested_at",
}


def export_sales(client: Client) -> list[dict[str, Any]]:
    sales = Sale.objects.filter(client=client).order_by("sale_date", "id")
    return [
        _row(sale, SALE) | {"historico": _rows(sale.status_changes.all(), CHANGE)}
        for sale in sales.prefetch_related("status_changes")
    ]


def export_subscriptions(client: Client) -> list[dict[str, Any]]:
    rows = Subscription.objects.filter(client=client).order_by("created_at", "id")
    return [
        _row(row, SUBSCRIPTION) | {"ciclos": _rows(row.cycles.order_by("cycle"), CYCLE)}
        for row in rows
    ]


def export_affiliations(client: Client, person: Person) -> list[dict[str, Any]]:
    return _rows(affiliations_of(client, person), AFFILIATION)


def affiliations_of(client: Client, person: Person) -> list[AffiliationRequest]:
    """The requests to the same user that came with the person's e-mail or phone."""
    requests = AffiliationRequest.objects.filter(user_id=client.user_id).order_by("id")
    return [
        row for row in requests if person.has(email=row.affiliate_email, phone=row.affiliate_phone)
    ]


def sellers_emails(client: Client, rules: Iterable[MetadataRules]) -> set[str]:
    """The e-mails that the client's sales give as their seller's."""
    metadata = Sale.objects.filter(client=client).values_list("metadata", flat=True)
    fields = {field for rule in rules for field in rule.sellers_emails}
    found = (each.get(field) for each in metadata for field in fields)
    return {email for email in found if isinstance(email, str)}


def erase_sales(client: Client, person: Person, rules: MetadataRules, source: str) -> int:
    """Take the person out of a source's sales, their own and others'; return how many changed.

    Numbers, dates, states and products stay; of their own sales' metadata, what is impersonal.
    """
    sales = Sale.objects.owned_by(client.user_id).filter(source=source)
    changed = []
    for sale in sales.filter(client=client):
        metadata = _without(_impersonal(sale.metadata, rules), person, rules)
        if sale.tracking_code or sale.metadata != metadata:
            sale.tracking_code, sale.metadata = "", metadata
            changed.append(sale)
    for sale in _naming(sales.exclude(client=client), person):
        sale.metadata = _without(sale.metadata, person, rules)
        changed.append(sale)
    upsert(changed, update=["tracking_code", "metadata", "updated_at"])
    return len(changed)


def erase_affiliations(client: Client, person: Person) -> int:
    """Delete the person's requests, whose fingerprints are made of their data, too."""
    ids = [row.id for row in affiliations_of(client, person)]
    return AffiliationRequest.objects.filter(id__in=ids).delete()[0]


def without_buyer(facts: SaleFacts, rules: MetadataRules) -> SaleFacts:
    """What may still be recorded of a sale whose buyer was erased."""
    return replace(facts, tracking_code="", metadata=_impersonal(facts.metadata, rules))


def _naming(sales: "QuerySet[Sale]", person: Person) -> "QuerySet[Sale]":
    """By a scan of the user's sales: no index serves any text."""
    if not person.pattern:
        return sales.none()
    texts = sales.annotate(metadata_text=Cast("metadata", TextField()))
    return texts.filter(metadata_text__iregex=person.pattern)


def _impersonal(metadata: dict[str, Any], rules: MetadataRules) -> dict[str, Any]:
    return {name: value for name, value in metadata.items() if name in rules.impersonal}


def _without(value: Any, person: Person, rules: MetadataRules) -> Any:
    """The same value, without the texts that name the person and what describes them there."""
    if isinstance(value, list):
        return [_without(entry, person, rules) for entry in value if not _names(entry, person)]
    if not isinstance(value, dict):
        return value
    named = {name for name, entry in value.items() if _names(entry, person)}
    for fields in rules.people:
        if named & fields:
            named |= fields
    return {
        name: _without(entry, person, rules) for name, entry in value.items() if name not in named
    }


def _names(value: Any, person: Person) -> bool:
    return isinstance(value, str | int) and person.is_named_in(str(value))


def _row(row: Any, names: dict[str, str]) -> dict[str, Any]:
    return {key: getattr(row, name) for key, name in names.items()}


def _rows(rows: Iterable[Any], names: dict[str, str]) -> list[dict[str, Any]]:
    return [_row(row, names) for row in rows]
