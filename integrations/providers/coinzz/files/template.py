"""The columns that files may have, with invented examples. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final

from integrations.providers.coinzz.files import columns as fields
from integrations.providers.contracts import AcceptedColumn

_EXAMPLES: Final[dict[str, tuple[str, str]]] = {
    fields.NUMBER: ("EXEMPLO-1", "EXEMPLO-2"),
    fields.DATE: ("02/10/2025 22:41", "03/10/2025"),
    "order.order_status": ("Aprovado", "Pendente"),
    "order.shipping_status": ("A caminho", "A enviar"),
    fields.TOTAL: ("1.234,56", "99,90"),
    fields.QUANTITY: ("2", "1"),
    "order.product_name": ("Creme Noturno", "Creme Noturno"),
    "order.product_code": ("pro1a2b3", ""),
    "order.method_payment": ("Pix", "Venda pós-paga"),
    "order.tracking_code": ("BR123456789BR", ""),
    "order.producer_commission": ("617,28", ""),
    "client.client_name": ("Íris Prado (exemplo)", "Caio Lima (exemplo)"),
    "client.client_documment": ("617.326.568-00", "529.982.247-25"),
    "client.client_email": ("iris@exemplo.com.br", ""),
    fields.PHONE: ("(62) 95454-4554", "(11) 98765-0401"),
    "client.client_zip_code": ("01310-100", ""),
    "client.client_address": ("Rua das Flores", ""),
    "client.client_address_number": ("12", ""),
    "client.client_address_comp": ("Apto 3", ""),
    "client.client_address_district": ("Centro", ""),
    "client.client_address_city": ("São Paulo", "Goiânia"),
    "client.client_address_state": ("SP", "GO"),
    "utms.utm_source": ("instagram", ""),
    "utms.utm_campaign": ("lancamento", ""),
}
"""The columns of the template, in its order."""

_OTHER_EXAMPLES: Final = {
    fields.HASH: "ven1a2b3c",
    fields.TIME: "22:41",
    fields.UNIT_PRICE: "617,28",
    fields.AREA_CODE: "62",
    fields.COUNTRY_CODE: "55",
    "order.offer_name": "Kit com 2",
    "order.offer_code": "off1a2b3",
    "order.total_installments": "3",
    "order.courier_name": "Correios",
    "order.producer_name": "Marina Prado",
    "order.producer_email": "marina@exemplo.com.br",
    "order.affiliate_name": "Rui Costa",
    "order.affiliate_email": "rui@exemplo.com.br",
    "order.affiliate_phone": "(11) 98765-0402",
    "order.affiliate_commission": "120,00",
    "order.deleted_at": "05/10/2025 10:00",
    "client.client_address_country": "Brasil",
    "utms.utm_medium": "stories",
    "utms.utm_content": "video-1",
    "utms.utm_term": "creme",
}
_NOTES: Final = {
    fields.NUMBER: "Obrigatório, ou o hash do pedido.",
    fields.TOTAL: "Obrigatório, ou o preço unitário. Do pedido inteiro, com centavos.",
    fields.UNIT_PRICE: "Sem uma coluna com o total, é multiplicado pela quantidade.",
    fields.DATE: "dia/mês/ano, com ou sem a hora.",
    fields.TIME: "Quando a data não tem a hora.",
    fields.AREA_CODE: "Quando o telefone não tem o DDD.",
    fields.COUNTRY_CODE: "Quando o telefone é de outro país.",
    "order.order_status": "Como o Coinzz o escreve. Sem ele, o status de uma venda não muda.",
}
_REQUIRED: Final = {group[0] for group in fields.REQUIRED}


def accepted_columns(extra: Mapping[str, str]) -> Iterator[AcceptedColumn]:
    """Yield the columns, those of the template first. `extra` maps more headers to fields."""
    order = [*_EXAMPLES, *(field for field in fields.COLUMNS if field not in _EXAMPLES)]
    for field in order:
        name = field.partition(".")[2]
        yield AcceptedColumn(
            field=field,
            headers=(*fields.COLUMNS[field], *(h for h, key in extra.items() if key == name)),
            examples=_EXAMPLES.get(field, (_OTHER_EXAMPLES.get(field, ""), "")),
            note=_NOTES.get(field, ""),
            is_required=field in _REQUIRED,
            is_in_template=field in _EXAMPLES,
        )
