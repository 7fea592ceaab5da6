"""Orders with all of Coinzz's current fields, each of another invented client with a valid CPF."""

import json
from datetime import datetime, timedelta

from tests import payloads

FIRST_SALE = datetime(2025, 10, 2)  # noqa: DTZ001 - Coinzz sends none
TEMPLATE = json.loads(payloads.raw("order_pix_approved_new_fields"))


def bodies(count: int, *, changed: bool = False) -> list[bytes]:
    """Return paid orders, or with `changed` the same orders when they are shipped."""
    return [encoded_order(number, changed=changed) for number in range(count)]


def encoded_order(number: int, *, changed: bool) -> bytes:
    return payloads.encode(_order(number, changed=changed))


def _order(number: int, *, changed: bool) -> dict[str, object]:
    client = TEMPLATE["client"] | {
        "client_name": f"Pessoa {number}",
        "client_documment": payloads.cpf(10**8 + number * 97),
        "client_phone": f"119{8 * 10**7 + number}",
        "client_email": f"pessoa{number}@example.com",
    }
    order: dict[str, object] = TEMPLATE["order"] | {
        "order_number": f"ord{number:05}",
        "shipping_status": "A enviar",
        "date_order": f"{FIRST_SALE + timedelta(seconds=number)}",
    }
    order |= dict.fromkeys(("qrcode_pix", "url_pix", "url_bank_slip"), f"00020BR.PIX{number:020}")
    if changed:
        order |= {"shipping_status": "Enviado", "tracking_code": f"BR{number:09}BR"}
    body: dict[str, object] = TEMPLATE | {"client": client, "order": order}
    return body
