"""Parser of Coinzz's JSON: orders and affiliation requests. Pure.

README.md says which of Coinzz's fields are certain and which are guesses.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from clients.contacts import normalise_cep, normalise_email
from clients.customer import Customer
from integrations.providers.coinzz import fields
from integrations.providers.coinzz.decoding import (
    INVALID_UTF8,
    decode_json,
    json_safe,
    may_be_deep,
    reject_deep,
    replace_invalid_bytes,
    unwrap,
)
from integrations.providers.coinzz.money import known_fees, known_shares, payment_code
from integrations.providers.coinzz.sections import Body, Section, has_order_id
from integrations.providers.coinzz.statuses import (
    DEFAULT_MAPPER,
    WORD_LENGTH,
    StatusMapper,
    is_open_refund,
    normalize_word,
)
from integrations.providers.coinzz.values import NEGATIVE_MONEY, is_empty
from integrations.providers.contracts import Order, ParsedWebhook
from integrations.providers.errors import PayloadInvalid
from sales.facts import AffiliationFacts, SaleFacts, SubscriptionFacts, ValueWarning
from sales.statuses import SaleStatus

_NO_PRICE: Final = ValueWarning(
    "order.order_final_price",
    "missing_money",
    "order.order_final_price: campo obrigatório, veio vazio.",
)
_MISSING_ID: Final = ("missing_identity", "campo obrigatório, veio vazio.")


def parse_webhook(
    body: bytes,
    *,
    content_type: str = "",
    content_encoding: str = "",
    mapper: StatusMapper = DEFAULT_MAPPER,
) -> ParsedWebhook:
    """Parse a webhook's raw body. Only its keys show its kind. Raises PayloadInvalid."""
    try:
        value = decode_json(body, content_type=content_type, content_encoding=content_encoding)
    except PayloadInvalid as error:
        if error.reason != INVALID_UTF8:
            raise
        body = replace_invalid_bytes(body)
        parsed = parse_webhook(body, mapper=mapper)
        return _with_warning(parsed, ValueWarning("", error.reason, error.message))
    item = _require_object(value, check_depth=may_be_deep(body))
    if not is_empty(item.get("subscription")):
        return ParsedWebhook("subscription", _parse_order(item, mapper))
    is_order = "order" in item or has_order_id(item)
    if is_order and is_empty(item.get("affiliate_request")):
        return ParsedWebhook("order", _parse_order(item, mapper))
    if "affiliate_request" in item:
        return ParsedWebhook("affiliation", _affiliation(Section("", item)))
    raise PayloadInvalid(
        "unknown_kind",
        "O corpo não é de pedido, de assinatura nem de afiliação: "
        "não tem `order`, `subscription` nem `affiliate_request`.",
    )


def _with_warning(parsed: ParsedWebhook, warning: ValueWarning) -> ParsedWebhook:
    payload = parsed.payload
    return replace(parsed, payload=replace(payload, warnings=(*payload.warnings, warning)))


def parse_order(item: Any, *, mapper: StatusMapper = DEFAULT_MAPPER) -> Order:
    """Parse an item of a sync page, which has the shape of a webhook. Raises PayloadInvalid."""
    return _parse_order(_require_object(item), mapper)


def _require_object(value: Any, *, check_depth: bool = True) -> dict[str, Any]:
    value = value if isinstance(value, dict) else unwrap(value)
    if isinstance(value, list) and len(value) > 1:
        message = f"O JSON é uma lista de {len(value)} itens; o webhook deve trazer um só pedido."
        raise PayloadInvalid("not_an_object", message)
    if not isinstance(value, dict):
        raise PayloadInvalid("not_an_object", "O JSON não é um objeto com campos: { … }.")
    if check_depth:
        reject_deep(value)
    return value


def _parse_order(item: dict[str, Any], mapper: StatusMapper) -> Order:
    body = Body.parse(item)
    order_ids = _order_ids(body.order)
    customer = _customer(body.client)
    subscription = _subscription(body, mapper)
    if not any(order_ids) and subscription is None:
        raise _missing_id(body)
    sale = _sale(body, order_ids, mapper) if any(order_ids) else None
    return Order(customer=customer, sale=sale, subscription=subscription, warnings=body.warnings)


def _order_ids(order: Section) -> tuple[str, str]:
    """Return the order's number, or its hash if it has no number; and its hash."""
    order_hash = order.identity("order_hash")
    return order.identity("order_number") or order_hash, order_hash


def order_ids(item: Any) -> list[str]:
    """Return the ids in an item that are sent in the usual form, without parsing the item."""
    if not isinstance(item, dict):
        return []
    order = item.get("order")
    values = map((order if isinstance(order, dict) else item).get, fields.ORDER_IDS)
    return [value for value in values if isinstance(value, str) and value.isprintable()]


def _missing_id(body: Body) -> PayloadInvalid:
    """Return the error of a body without an order or a subscription that has an id."""
    section, key = body.order, "order_number"
    if body.order.is_missing and not body.subscription.is_missing:
        section, key = body.subscription, "subscription_hash"
    if not section.warnings.keys() & {"", key}:
        section.warn(key, *_MISSING_ID)
    warning = section.warnings.get("") or section.warnings[key]
    return PayloadInvalid(warning.reason, warning.message)


def _customer(client: Section) -> Customer:
    return Customer(
        **client.cut(client.texts(fields.CUSTOMER), fields.CUSTOMER),
        address=client.first_text(fields.ADDRESS, fields.NAME_WIDTH),
        complement=client.first_text(fields.COMPLEMENT, fields.NAME_WIDTH),
    )


def _sale(body: Body, order_ids: tuple[str, str], mapper: StatusMapper) -> SaleFacts:
    order = body.order
    texts = order.texts(fields.ORDER_TEXTS)
    columns: dict[str, Any] = dict(order.cut(texts, fields.SALE_TEXTS))
    word = texts.get("order_status", "")[:WORD_LENGTH].rstrip()
    shipping_word = texts.get("shipping_status", "")[:WORD_LENGTH].rstrip()
    status, unknown_status = mapper.sale_status(word)
    shipping_status, unknown_shipping_status = mapper.shipping_status(shipping_word)
    price = order.money("order_final_price")
    missing_price = _missing_price(order) if price is None else None
    if status == SaleStatus.REFUNDED and missing_price and missing_price.reason == NEGATIVE_MONEY:
        del order.warnings["order_final_price"]  # what was paid back is no unreadable price
    deleted_at = order.timestamp("deleted_at")
    return SaleFacts(
        **columns,
        external_id=order_ids[0],
        order_hash=order_ids[1],
        total_price=price,
        missing_price=missing_price,
        quantity=order.count("order_quantity"),
        status=status,
        shipping_status=shipping_status,
        unknown_status=unknown_status,
        unknown_shipping_status=unknown_shipping_status,
        status_word=normalize_word(word),
        shipping_status_word=normalize_word(shipping_word),
        word_fields=fields.STATUS_WORDS,
        is_refund_open=is_open_refund(status, word),
        payment_code=payment_code(columns.get("payment_method", "")),
        sale_date=_whole_second(order.timestamp("date_order")),
        deleted_at=deleted_at,
        reports_deletion=deleted_at is not None or order.is_null("deleted_at"),
        metadata=_metadata(body, texts),
        warnings=_warnings(body, status),  # after all fields were read
        readable_fields=body,
    )


def _whole_second(time: datetime | None) -> datetime | None:
    """Return the time as sales store it: a fraction marks the arrival of one without a date."""
    return time and time.replace(microsecond=0)


def _warnings(body: Body, status: SaleStatus | None) -> tuple[ValueWarning, ...]:
    """Leave out the negative amounts of a refund: they are what was paid back."""
    is_refund = status == SaleStatus.REFUNDED
    return tuple(w for w in body.warnings if not (is_refund and w.reason == NEGATIVE_MONEY))


def _missing_price(order: Section) -> ValueWarning:
    return order.warnings.get("order_final_price") or _NO_PRICE


def _metadata(body: Body, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields without a column, and the full texts that were truncated."""
    order = body.order
    metadata: dict[str, Any] = {key: texts[key] for key in texts if key in fields.TEXTS}
    for keys, read in _OTHER_METADATA:
        for key in keys:
            if (value := read(order, key)) not in (None, ""):
                metadata[key] = value
    metadata |= _amounts(order) | body.top.known_values(fields.LABELS)
    if utms := _utms(body.utms):
        metadata["utms"] = utms
    if extra := _extra(body):
        metadata["extra"] = extra
    return metadata | _as_sent(body.client) | body.client.truncated | order.truncated


def _amounts(order: Section) -> dict[str, Any]:
    """Return commissions, fees and shares as sent; null for an unreadable fee or share.

    Then it is known that there is one, so that the sum is unknown.
    """
    for key in fields.AMOUNTS:
        order.money(key)  # warns of an unreadable one, which is no known value then
    amounts = order.known_values(fields.AS_SENT)
    amounts |= dict.fromkeys(fields.FEES & order.warnings.keys())
    for key in _AMOUNTS_WITHIN.keys() & amounts.keys():
        amounts[key], error = _AMOUNTS_WITHIN[key](amounts[key])
        if error:
            order.warn(key, error.reason, error.message)
    return amounts


def _as_sent(client: Section) -> dict[str, str]:
    """Return the texts that a client's normalised fields can't show, such as half a CEP."""
    texts = client.texts(_NORMALISED.keys())
    return {key: text for key, text in texts.items() if not _NORMALISED[key](text)}


_NORMALISED: Final = {"client_zip_code": normalise_cep, "client_email": normalise_email}
"""Fields of a client that are empty unless they can be normalised. A phone has `phone_raw`."""
_AMOUNTS_WITHIN: Final = {"financial_fees": known_fees, "coproducers": known_shares}
_OTHER_METADATA: Final[tuple[tuple[Collection[str], Callable[[Section, str], Any]], ...]] = (
    (fields.FLAGS, Section.flag),
    (fields.COUNTS, Section.count_or_text),
)


def _utms(utms: Section) -> dict[str, Any]:
    """Return the campaign by our names. A URL's `utm_source[]=` is sent as a list."""
    lists = {key for key, raw in utms.fields.items() if isinstance(raw, list)}
    found: dict[str, Any] = dict(utms.texts(fields.UTMS.keys() - lists))
    found |= {key: json_safe(utms.fields[key]) for key in lists & fields.UTMS.keys()}
    return {fields.UTMS[key]: value for key, value in found.items() if value}


def _extra(body: Body) -> dict[str, Any]:
    """Return the unknown and the unreadable fields by section."""
    extra: dict[str, Any] = body.top.extra_values(fields.TOP)
    for section in body.sections:
        if unread := section.extra_values(fields.KNOWN[section.name]):
            extra[section.name] = unread
    return extra


def _subscription(body: Body, mapper: StatusMapper) -> SubscriptionFacts | None:
    subscription = body.subscription
    if not subscription.fields:
        return None
    subscription_hash = subscription.identity("subscription_hash")
    if not subscription_hash:
        if "subscription_hash" not in subscription.warnings:
            subscription.warn("subscription_hash", *_MISSING_ID)
        return None
    status, unknown_status = mapper.subscription_status(subscription.text("status", WORD_LENGTH))
    return SubscriptionFacts(
        subscription_hash=subscription_hash,
        status=status,
        unknown_status=unknown_status,
        frequency=subscription.text("frequency", fields.SHORT_WIDTH),
        cycle=subscription.count("cycle"),
        next_charge_date=subscription.timestamp("next_charge_date"),
        product_name=body.order.text("product_name", fields.NAME_WIDTH),
        sent_at=body.general_info.timestamp("date_sent"),
    )


def _affiliation(body: Section) -> AffiliationFacts:
    return AffiliationFacts(
        affiliate_name=body.text("affiliate_name", fields.NAME_WIDTH),
        affiliate_email=body.text("affiliate_email", fields.EMAIL_WIDTH),
        affiliate_phone=body.text("affiliate_phone", fields.SHORT_WIDTH),
        status=body.text("affiliate_request", WORD_LENGTH),
        product_name=body.text("product_name", fields.NAME_WIDTH),
        requested_at=body.timestamp("date"),
        warnings=tuple(body.warnings.values()),
    )
