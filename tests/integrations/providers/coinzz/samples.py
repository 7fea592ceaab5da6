"""Recorded bodies of Coinzz, and orders with chosen fields."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from django.conf import settings

from integrations.providers.coinzz import CoinzzProvider
from integrations.providers.coinzz.api.settings import ApiSettings
from integrations.providers.coinzz.payloads import parse_webhook
from integrations.providers.contracts import Order
from integrations.providers.errors import PayloadInvalid
from integrations.providers.registry import setting_name
from sales.facts import SaleFacts

RECORDED = Path(__file__).parents[3] / "fixtures" / "coinzz"


def api_settings(**changes: Any) -> ApiSettings:
    """Return the settings of the API with their defaults."""
    names = [field.name for field in fields(ApiSettings)]
    values = {name: getattr(settings, setting_name(CoinzzProvider, name)) for name in names}
    return ApiSettings(**values | changes)


def recorded(name: str) -> bytes:
    return (RECORDED / f"{name}.json").read_bytes()


def order_item(**order: Any) -> dict[str, Any]:
    return {"order": {"order_number": "ordzzzzz", "order_final_price": "10.00", **order}}


def body_of(item: Any) -> bytes:
    return json.dumps(item).encode()


def order_from(body: bytes) -> Order:
    payload = parse_webhook(body).payload
    assert isinstance(payload, Order)
    return payload


def sale_of(**order: Any) -> SaleFacts:
    sale = order_from(body_of(order_item(**order))).sale
    assert sale is not None
    return sale


def rejection(body: bytes, **options: Any) -> tuple[str, str]:
    """Return why `body` raises PayloadInvalid, or has no price for a new sale: reason, message."""
    try:
        payload = parse_webhook(body, **options).payload
    except PayloadInvalid as error:
        return error.reason, error.message
    if isinstance(payload, Order) and payload.sale and (problem := payload.sale.missing_price):
        return problem.reason, problem.message
    raise AssertionError("the body was accepted")
