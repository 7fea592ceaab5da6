"""Parser of Coinzz's JSON: orders and affiliation requests. Pure.

README.md says which of Coinzz's fields are certain and which are guesses.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Self

from clients.customer import Customer
from integrations.providers.coinzz import fields
from integrations.providers.coinzz.decoding import decode_json, may_be_deep, reject_deep
from integrations.providers.coinzz.payments import payment_code
from integrations.providers.coinzz.sections import Section
from integrations.providers.coinzz.statuses import DEFAULT_MAPPER, WORD_LENGTH, StatusMapper
from integrations.providers.coinzz.values import is_empty, parse_flag
from integrations.providers.contracts import Order, ParsedWebhook
from integrations.providers.errors import PayloadInvalid
from sales.facts import AffiliationFacts, SaleFacts, SubscriptionFacts

NO_EMAILS: Final[frozenset[str]] = frozenset()


@dataclass(slots=True)
class _Body:
    """The sections of an order or a subscription; `top` has the fields beside them."""

    client: Section
    order: Section
    utms: Section
    subscription: Section
    top: Section

    @classmethod
    def parse(cls, item: dict[str, Any]) -> Self:
        if is_empty(item.get("order")):
            item = _with_sections(item)
        return cls(
            client=Section.parse("client", item.get("client")),
            order=_with_order_status(Section.parse("order", item.get("order"))),
            utms=Section.parse("utms", item.get("utms")),
            subscription=Section.parse("subscription", item.get("subscription")),
            top=Section("", item),
        )


def _with_sections(item: dict[str, Any]) -> dict[str, Any]:
    """Return a flat item with sections: the API writes an order's fields beside `client`."""
    if not _has_order_id(item):
        return item
    client, utms = item.keys() & fields.CLIENT, item.keys() & fields.UTMS.keys()
    order = item.keys() - fields.TOP - client - utms
    flat = {"client": client, "utms": utms, "order": order}
    sections = {name: {key: item[key] for key in keys} for name, keys in flat.items() if keys}
    return sections | {key: item[key] for key in item.keys() & fields.TOP if item[key]}


def _with_order_status(order: Section) -> Section:
    if fields.API_STATUS in order.fields and is_empty(order.fields.get("order_status")):
        order.fields = order.fields | {"order_status": order.fields[fields.API_STATUS]}
        del order.fields[fields.API_STATUS]
    return order


def _has_order_id(values: Mapping[str, Any]) -> bool:
    return any(not is_empty(values.get(key)) for key in fields.ORDER_IDS)


def parse_webhook(
    body: bytes,
    *,
    content_encoding: str = "",
    mapper: StatusMapper = DEFAULT_MAPPER,
    owner_emails: AbstractSet[str] = NO_EMAILS,
) -> ParsedWebhook:
    """Parse a webhook's raw body. Only its keys show its kind. Raises PayloadInvalid.

    `owner_emails` are the user's, in lower case: they decide which commission is the user's.
    """
    item = _require_object(
        decode_json(body, content_encoding=content_encoding), check_depth=may_be_deep(body)
    )
    if not is_empty(item.get("subscription")):
        return ParsedWebhook("subscription", _parse_order(item, mapper, owner_emails))
    if not is_empty(item.get("affiliate_request")):
        return ParsedWebhook("affiliation", _affiliation(Section("", item)))
    if "order" in item or _has_order_id(item):
        return ParsedWebhook("order", _parse_order(item, mapper, owner_emails))
    raise PayloadInvalid(
        "unknown_kind",
        "O corpo não é de pedido, de assinatura nem de afiliação: "
        "não tem `order`, `subscription` nem `affiliate_request`.",
    )


def parse_order(
    item: Any, *, mapper: StatusMapper = DEFAULT_MAPPER, owner_emails: AbstractSet[str] = NO_EMAILS
) -> Order:
    """Parse an item of a sync page, which has the shape of a webhook. Raises PayloadInvalid."""
    return _parse_order(_require_object(item), mapper, owner_emails)


def _require_object(value: Any, *, check_depth: bool = True) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PayloadInvalid("not_an_object", "O JSON não é um objeto com campos: { … }.")
    if check_depth:
        reject_deep(value)
    return value


def _parse_order(
    item: dict[str, Any], mapper: StatusMapper, owner_emails: AbstractSet[str]
) -> Order:
    body = _Body.parse(item)
    try:
        return _build_order(body, mapper, owner_emails)
    except PayloadInvalid as error:
        with suppress(PayloadInvalid):
            error.external_id = _order_ids(body.order)[0]
        raise


def _build_order(body: _Body, mapper: StatusMapper, owner_emails: AbstractSet[str]) -> Order:
    customer = _customer(body.client)
    if not body.subscription.fields:
        return Order(customer=customer, sale=_sale(body, mapper, owner_emails))
    return Order(
        customer=customer,
        sale=_sale(body, mapper, owner_emails) if _has_order_id(body.order.fields) else None,
        subscription=_subscription(body, mapper),
    )


def _customer(client: Section) -> Customer:
    return Customer(
        name=client.text("client_name", fields.NAME_WIDTH),
        email=client.text("client_email", fields.EMAIL_WIDTH),
        phone=client.text("client_phone", fields.SHORT_WIDTH),
        document=client.text("client_documment", fields.SHORT_WIDTH),
        address=client.first_text(fields.ADDRESS, fields.NAME_WIDTH),
        address_number=client.text("client_address_number", fields.SHORT_WIDTH),
        district=client.text("client_address_district", fields.PLACE_WIDTH),
        complement=client.first_text(fields.COMPLEMENT, fields.NAME_WIDTH),
        city=client.text("client_address_city", fields.PLACE_WIDTH),
        state=client.text("client_address_state", fields.REGION_WIDTH),
        cep=client.text("client_zip_code", fields.SHORT_WIDTH),
        country=client.text("client_address_country", fields.REGION_WIDTH),
    )


def _order_ids(order: Section) -> tuple[str, str]:
    """Return the order's number, or its hash if it has no number; and its hash."""
    order_hash = order.optional_identity("order_hash")
    if order_hash and is_empty(order.fields.get("order_number")):
        return order_hash, order_hash
    return order.identity("order_number"), order_hash


def _sale(body: _Body, mapper: StatusMapper, owner_emails: AbstractSet[str]) -> SaleFacts:
    order = body.order
    external_id, order_hash = _order_ids(order)
    status, unknown_status = mapper.sale_status(order.text("order_status", WORD_LENGTH))
    shipping_status, unknown_shipping_status = mapper.shipping_status(
        order.text("shipping_status", WORD_LENGTH)
    )
    payment_method = order.text("method_payment", fields.SHORT_WIDTH)
    return SaleFacts(
        external_id=external_id,
        order_hash=order_hash,
        total_price=order.money("order_final_price"),
        quantity=order.count("order_quantity"),
        product_name=order.text("product_name", fields.NAME_WIDTH),
        product_sku=order.text("product_code", fields.CODE_WIDTH),
        status=status,
        shipping_status=shipping_status,
        unknown_status=unknown_status,
        unknown_shipping_status=unknown_shipping_status,
        payment_method=payment_method,
        payment_code=payment_code(payment_method),
        sale_date=order.timestamp("date_order"),
        commission=_commission(order, owner_emails),
        tracking_code=order.text("tracking_code", fields.CODE_WIDTH),
        deleted_at=order.timestamp("deleted_at"),
        reports_deletion="deleted_at" in order.fields,
        metadata=_metadata(body),
    )


def _commission(order: Section, owner_emails: AbstractSet[str]) -> Decimal | None:
    """Return the user's commission: the one with the user's e-mail, or the only one."""
    for section, email_key, amount_key in _shares(order):
        email = section.fields.get(email_key)
        if isinstance(email, str) and email.strip().lower() in owner_emails:
            return section.optional_money(amount_key)
    producer = order.optional_money("producer_commission")
    affiliate = order.optional_money("affiliate_commission")
    if producer is None or affiliate is None:
        return affiliate if producer is None else producer
    return None


def _shares(order: Section) -> Iterator[tuple[Section, str, str]]:
    """Yield each share's section and the names of its e-mail and amount fields."""
    yield order, "producer_email", "producer_commission"
    yield order, "affiliate_email", "affiliate_commission"
    coproducers = order.fields.get("coproducers")
    for entry in coproducers if isinstance(coproducers, list) else ():
        if isinstance(entry, dict):
            yield Section("coproducers", entry), "email", "commission"


def _metadata(body: _Body) -> dict[str, Any]:
    """Return the fields without a column, and the full texts that were truncated."""
    metadata = body.order.known_values(fields.METADATA) | body.top.known_values(fields.LABELS)
    for key in fields.FLAGS:
        if key in metadata:
            metadata[key] = parse_flag(metadata[key])
    for key in fields.COUNTS:
        # Stored as sent if it is no number: nothing depends on it.
        with suppress(PayloadInvalid):
            if key in metadata:
                metadata[key] = body.order.count(key)
    if utms := body.utms.known_values(fields.UTMS.keys()):
        metadata["utms"] = {fields.UTMS[key]: _number_as_text(utm) for key, utm in utms.items()}
    if extra := _extra(body):
        metadata["extra"] = extra
    return metadata | body.client.truncated | body.order.truncated


def _extra(body: _Body) -> dict[str, Any]:
    """Return the fields that this parser does not know, by section."""
    sections = (body.client, body.order, body.utms, body.subscription)
    unknown = {
        section.name: section.unknown_values(fields.KNOWN[section.name]) for section in sections
    }
    return body.top.unknown_values(fields.TOP) | {
        name: values for name, values in unknown.items() if values
    }


def _number_as_text(utm: Any) -> Any:
    """Campaigns are often named by a number. A URL's `utm_source[]=` is sent as a list."""
    return str(utm) if isinstance(utm, int) else utm


def _subscription(body: _Body, mapper: StatusMapper) -> SubscriptionFacts:
    subscription = body.subscription
    status, unknown_status = mapper.subscription_status(subscription.text("status", WORD_LENGTH))
    return SubscriptionFacts(
        subscription_hash=subscription.identity("subscription_hash"),
        status=status,
        unknown_status=unknown_status,
        frequency=subscription.text("frequency", fields.SHORT_WIDTH),
        cycle=subscription.count("cycle"),
        next_charge_date=subscription.timestamp("next_charge_date"),
        product_name=body.order.text("product_name", fields.NAME_WIDTH),
        sent_at=_sent_at(body.top),
    )


def _sent_at(top: Section) -> datetime | None:
    return Section.parse("general_info", top.fields.get("general_info")).timestamp("date_sent")


def _affiliation(body: Section) -> AffiliationFacts:
    return AffiliationFacts(
        affiliate_name=body.text("affiliate_name", fields.NAME_WIDTH),
        affiliate_email=body.text("affiliate_email", fields.EMAIL_WIDTH),
        affiliate_phone=body.text("affiliate_phone", fields.SHORT_WIDTH),
        status=body.text("affiliate_request", WORD_LENGTH),
        product_name=body.text("product_name", fields.NAME_WIDTH),
        requested_at=body.timestamp("date"),
    )
