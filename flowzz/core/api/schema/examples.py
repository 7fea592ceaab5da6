"""Examples for every answer of the API's description; everything in them is made up."""

from collections.abc import Iterator
from typing import Any, Final

Schema = dict[str, Any]

JSON: Final = "application/json"
_BY_NAME: Final[dict[str, Any]] = {
    "access": "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VySWQiOiIwMWEyIn0.assinatura",
    "address": "Rua das Laranjeiras",
    "addressNumber": "120",
    "affiliateEmail": "caio@exemplo.com.br",
    "affiliateName": "Caio Lima",
    "affiliatePhone": "+5562954544555",
    "cep": "01310100",
    "city": "São Paulo",
    "code": "ass123456",
    "complement": "Apto 34",
    "country": "Brasil",
    "cpf": "52998224725",
    "district": "Bela Vista",
    "email": "vendedora@exemplo.com.br",
    "externalId": "ordabcde",
    "field": "order.order_number",
    "fileName": "vendas.csv",
    "header": "Número do pedido",
    "message": "",
    "metadata": {"order_status": "Aprovado", "utms": {"source": "instagram"}},
    "name": "Marina Prado",
    "next": "https://flowzz.example/api/v1/sales?cursor=bmV4dCAyMDI2LTAzLTAy",
    "password": "uma-senha-comprida",
    "paymentMethod": "Pix",
    "phone": "+5562954544554",
    "previous": None,
    "productName": "Curso de Fotografia",
    "productSku": "CUR-01",
    "refresh": "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIwMWEyIn0.assinatura",
    "source": "coinzz",
    "state": "SP",
    "success": True,
    "trackingCode": "BR123456789BR",
}
_BY_FORMAT: Final[dict[str, Any]] = {
    "uuid": "01a20a93-6465-77c7-b86f-eec86c7b9b75",
    "date-time": "2026-03-02T12:00:00-03:00",
    "date": "2026-03-02",
    "decimal": "150.99",
    "uri": "https://flowzz.example/",
    "email": "vendedora@exemplo.com.br",
    "binary": "vendas.csv",
}
_BY_TYPE: Final[dict[str, Any]] = {
    "string": "texto",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "null": None,
}


def with_examples(result: Schema, **_: Any) -> Schema:
    """A postprocessing hook: gives an example to every JSON body that has none of its own."""
    components = result["components"]["schemas"]
    for body in _bodies(result):
        media = body.get("content", {}).get(JSON)
        if media and "example" not in media and not media.get("examples"):
            media["example"] = example_of(media["schema"], components)
    return result


def example_of(schema: Schema, components: dict[str, Schema], name: str = "") -> Any:
    """What a value of this schema may look like; `name` is the property's."""
    if "$ref" in schema:
        return example_of(components[schema["$ref"].rpartition("/")[2]], components, name)
    for several in ("allOf", "oneOf", "anyOf"):
        if several in schema:
            return example_of(schema[several][0], components, name)
    kind = schema.get("type")
    if kind == "array":
        return [example_of(schema["items"], components)]
    if "properties" in schema:
        return {
            key: example_of(inner, components, key) for key, inner in schema["properties"].items()
        }
    return _value(schema, name, kind[0] if isinstance(kind, list) else kind)


def _value(schema: Schema, name: str, kind: str | None) -> Any:
    if schema.get("enum"):
        return schema["enum"][0]
    if name in _BY_NAME:
        return _BY_NAME[name]
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    return _BY_TYPE.get(kind or "", {})


def _bodies(result: Schema) -> Iterator[Schema]:
    for call in (call for path in result["paths"].values() for call in path.values()):
        if "requestBody" in call:
            yield call["requestBody"]
        yield from call["responses"].values()
