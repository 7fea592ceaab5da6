"""Examples for the JSON bodies in the API description, derived from their schemas."""

from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings

Schema = dict[str, Any]

JSON: Final = "application/json"
_BY_FORMAT: Final[dict[str, Any]] = {
    "uuid": "01a20a93-6465-77c7-b86f-eec86c7b9b75",
    "date-time": "2026-03-02T12:00:00-03:00",
    "date": "2026-03-02",
    "decimal": "150.99",
    "uri": "https://flowzz.example/",
    "email": "vendedora@exemplo.com.br",
    "binary": "vendas.csv",
}
_BY_TYPE: Final = {"string": "texto", "integer": 1, "number": 1.5, "boolean": True, "null": None}


def add_examples(result: Schema, **_: Any) -> Schema:
    """Add an example to every JSON body that has none (postprocessing hook)."""
    components = result["components"]["schemas"]
    for body in _bodies(result):
        media = body.get("content", {}).get(JSON)
        if media and "example" not in media and not media.get("examples"):
            media["example"] = _example(media["schema"], components)
    return result


def _example(schema: Schema, components: dict[str, Schema], name: str = "") -> Any:
    """Return an example value of a schema; `name` is the name of the property."""
    if "$ref" in schema:
        return _example(components[schema["$ref"].rpartition("/")[2]], components, name)
    for combination in ("allOf", "oneOf", "anyOf"):
        if combination in schema:
            return _example(schema[combination][0], components, name)
    kind = schema.get("type")
    if kind == "array":
        return [_example(schema["items"], components)]
    if "properties" in schema:
        return {
            key: _example(inner, components, key) for key, inner in schema["properties"].items()
        }
    return _value(schema, name, kind[0] if isinstance(kind, list) else kind)


def _value(schema: Schema, name: str, kind: str | None) -> Any:
    if schema.get("enum"):
        return schema["enum"][0]
    if name in settings.API_EXAMPLES:
        return settings.API_EXAMPLES[name]
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    return _BY_TYPE.get(kind or "", {})


def _bodies(result: Schema) -> Iterator[Schema]:
    for path in result["paths"].values():
        for operation in path.values():
            if "requestBody" in operation:
                yield operation["requestBody"]
            yield from operation["responses"].values()
