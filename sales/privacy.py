"""Export and erase the personal data in sales, subscriptions and affiliation requests."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from typing import Any, cast

from django.db.models import Q, QuerySet, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Concat

from clients.models import Client
from clients.privacy import Person
from flowzz.core.db.bulk_upsert import upsert
from sales.facts import MetadataRules, SaleFacts
from sales.models import AffiliationRequest, Sale, SaleMerge, Subscription

SALE_FIELDS = {
    "pedido": "external_id",
    "hash_do_pedido": "order_hash",
    "origem": "source",
    "produto": "product_name",
    "codigo_do_produto": "product_sku",
    "quantidade": "quantity",
    "preco_unitario": "unit_price",
    "valor_total": "total_price",
    "comissao": "commission",
    "taxas": "fees",
    "comissoes_de_parceiros": "partner_shares",
    "situacao": "status",
    "entrega": "shipping_status",
    "forma_de_pagamento": "payment_method",
    "meio_de_pagamento": "payment_code",
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
CHANGE_FIELDS = {
    "eixo": "field",
    "de": "from_status",
    "para": "to_status",
    "quando": "changed_at",
    "por": "origin",
}
SUBSCRIPTION_FIELDS = {
    "assinatura": "subscription_hash",
    "origem": "source",
    "produto": "product_name",
    "situacao": "status",
    "frequencia": "frequency",
    "ciclo": "cycle",
    "proxima_cobranca": "next_charge_date",
}
CYCLE_FIELDS = {"ciclo": "cycle", "proxima_cobranca": "next_charge_date", "visto_em": "observed_at"}
AFFILIATION_FIELDS = {
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
        _export(sale, SALE_FIELDS)
        | {"historico": _export_all(sale.status_changes.all(), CHANGE_FIELDS)}
        for sale in sales.prefetch_related("status_changes")
    ]


def export_subscriptions(client: Client) -> list[dict[str, Any]]:
    rows = Subscription.objects.filter(client=client).order_by("created_at", "id")
    return [
        _export(row, SUBSCRIPTION_FIELDS)
        | {"ciclos": _export_all(row.cycles.order_by("cycle"), CYCLE_FIELDS)}
        for row in rows
    ]


def export_affiliations(client: Client, person: Person) -> list[dict[str, Any]]:
    return _export_all(_affiliations(client, person), AFFILIATION_FIELDS)


def sellers_emails(client: Client, rules: Iterable[MetadataRules]) -> set[str]:
    """Return the sellers' e-mails in the metadata of the client's sales."""
    names = {name for rule in rules for name in rule.sellers_emails}
    texts = [KT(f"metadata__{name}") for name in names]
    rows = Sale.objects.filter(client=client).values_list(*texts) if texts else ()
    return set(filter(None, chain.from_iterable(rows)))


def erase_sales(client: Client, person: Person, rules: MetadataRules, source: str) -> int:
    """Erase a person from the user's sales of one source; return how many changed.

    The client's own sales lose their tracking code and all personal metadata. Other sales lose
    the texts that name the person. Order numbers, dates, statuses and products stay.
    """
    sales = Sale.objects.owned_by(client.user_id).filter(source=source)
    buyers = [Person.of_own_order(row) for row in (client, *client.merged_clients.all())]
    changed = []
    for sale in sales.filter(client=client):
        metadata = _without_person(_impersonal(sale.metadata, rules), person, rules)
        for buyer in buyers:
            metadata = _without_buyer_in_campaign(metadata, buyer, rules)
        if sale.tracking_code or sale.metadata != metadata:
            sale.tracking_code, sale.metadata = "", metadata
            changed.append(sale)
    for sale in _sales_naming(person, sales.exclude(client=client)):
        metadata = _without_person(sale.metadata, person, rules)
        if sale.metadata != metadata:  # the pattern also matches across two texts
            sale.metadata = metadata
            changed.append(sale)
    upsert(changed, update=["tracking_code", "metadata", "updated_at"])
    _erase_merges(client, person)
    return len(changed)


def _erase_merges(client: Client, person: Person) -> None:
    """Remove the stored values of merged sales: these merges can no longer be undone."""
    merges = SaleMerge.objects.filter(sale__user=client.user_id)
    concerned = Q(sale__client=client) | Q(absorbed__client_id=str(client.id))
    if person.pattern:
        texts = (Cast(name, TextField()) for name in ("absorbed", "changes"))
        merges = merges.annotate(texts=Concat(*texts))
        concerned |= Q(texts__iregex=person.pattern)
    ids = list(merges.filter(concerned).values_list("id", flat=True))
    SaleMerge.objects.filter(id__in=ids).update(absorbed={}, changes={})


def erase_affiliations(client: Client, person: Person) -> int:
    """Delete the person's requests: their fingerprints are personal data as well."""
    ids = [row.id for row in _affiliations(client, person)]
    return AffiliationRequest.objects.filter(id__in=ids).delete()[0]


def remove_buyer_data(facts: SaleFacts, rules: MetadataRules, buyer: Client) -> SaleFacts:
    """Return what may still be recorded about a sale whose buyer was erased.

    `buyer` has what the report says of the buyer.
    """
    metadata = _impersonal(facts.metadata, rules)
    metadata = _without_person(metadata, Person.of_own_order(buyer), rules)
    return replace(facts, tracking_code="", metadata=metadata)


def _affiliations(client: Client, person: Person) -> list[AffiliationRequest]:
    """Return the requests to the same user with the person's e-mail or phone."""
    requests = AffiliationRequest.objects.filter(user_id=client.user_id).order_by("id")
    return [
        row
        for row in requests
        if person.has_contact(email=row.affiliate_email, phone=row.affiliate_phone)
    ]


def _sales_naming(person: Person, sales: "QuerySet[Sale]") -> "QuerySet[Sale]":
    """Scan the metadata of all sales: no index supports a regular expression."""
    if not person.pattern:
        return sales.none()
    texts = sales.annotate(metadata_text=Cast("metadata", TextField()))
    return texts.filter(metadata_text__iregex=person.pattern)


def _impersonal(metadata: dict[str, Any], rules: MetadataRules) -> dict[str, Any]:
    return {name: value for name, value in metadata.items() if name in rules.impersonal}


def _without_buyer_in_campaign(
    metadata: dict[str, Any], buyer: Person, rules: MetadataRules
) -> dict[str, Any]:
    """Remove the texts of the link that the buyer has clicked, if they name the buyer."""
    utms = {name: value for name, value in metadata.items() if name == "utms"}
    others = {name: value for name, value in metadata.items() if name != "utms"}
    return others | cast("dict[str, Any]", _without_person(utms, buyer, rules))


def _without_person(value: Any, person: Person, rules: MetadataRules) -> Any:
    """Remove the texts that name the person, and the fields that describe the same person."""
    if isinstance(value, list):
        return [_without_person(item, person, rules) for item in value if not _names(item, person)]
    if not isinstance(value, dict):
        return value
    removed = {name for name, item in value.items() if _names(item, person)}
    for group in rules.people:
        if removed & group:
            removed |= group
    return {
        name: _without_person(item, person, rules)
        for name, item in value.items()
        if name not in removed
    }


def _names(value: Any, person: Person) -> bool:
    return isinstance(value, str | int) and person.is_named_in(str(value))


def _export(row: Any, names: dict[str, str]) -> dict[str, Any]:
    return {key: getattr(row, name) for key, name in names.items()}


def _export_all(rows: Iterable[Any], names: dict[str, str]) -> list[dict[str, Any]]:
    return [_export(row, names) for row in rows]
