"""Hooks of drf-spectacular: document the calls of each provider under its own name."""

import json
from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Final

from flowzz.core.api.errors import DETAIL_CODES, ApiError
from integrations.api.errors import for_provider
from integrations.providers.registry import all_providers, provider_names

_UUID: Final = {"type": "string", "format": "uuid"}
_TIME: Final = {"type": "string", "format": "date-time"}
_NUMBER: Final = {"type": "integer"}
_NUMBER_OR_NULL: Final = {"type": ["integer", "null"]}
_EVENTS: Final[dict[str, dict[str, Any]]] = {
    "start": {},
    "sales": {
        "created": _NUMBER,
        "updated": _NUMBER,
        "sales": {
            "type": "array",
            "description": "Até 50 vendas; com mais, vazia: carregue a lista",
            "items": {
                "type": "object",
                "required": [
                    *("change", "id", "externalId", "status", "shippingStatus", "updatedAt")
                ],
                "properties": {
                    "change": {"type": "string", "enum": ["CREATED", "UPDATED"]},
                    "id": _UUID,
                    "externalId": {"type": "string"},
                    "status": {"$ref": "#/components/schemas/SaleStatus"},
                    "shippingStatus": {"$ref": "#/components/schemas/ShippingStatus"},
                    "updatedAt": _TIME,
                },
            },
        },
    },
    "sync": {
        "id": _UUID,
        "status": {"type": "string"},
        "page": _NUMBER,
        "processed": _NUMBER,
        "total": _NUMBER_OR_NULL,
        "percent": _NUMBER_OR_NULL,
        "error": {"type": ["string", "null"]},
        "retryAt": {"type": ["string", "null"], "format": "date-time"},
    },
    "integration": {
        "id": _UUID,
        "source": {"type": "string"},
        "status": {"type": "string", "enum": ["conectado", "desconectado", "erro", "pendente"]},
        "mode": {"type": "string", "enum": ["api", "webhook"]},
        "paused": {"type": "boolean"},
        "webhookUrlChanged": {"type": "boolean"},
    },
    "reset": {},
}
"""The data of the events of the stream; `tests/integrations/test_live_updates.py` compares them."""

Endpoint = tuple[str, str, str, Any]
_PARAMETER = "{provider}"
_ERRORS = """
## Códigos de erro

| `error` | HTTP | `message`, se não houver outra mais exata |
| --- | --- | --- |"""
_DETAILS = """
| `details[].code` | quando |
| --- | --- |"""


def expand_providers(endpoints: list[Endpoint], **_: Any) -> list[Endpoint]:
    """Preprocessing hook: replace a path with `{provider}` by a path for each provider."""
    return [
        (path.replace(_PARAMETER, name), *rest)
        for path, *rest in endpoints
        for name in (provider_names() if _PARAMETER in path else [""])
    ]


def describe_stream(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Postprocessing hook: describe the data of each event of `GET /events`."""
    schemas = result["components"]["schemas"]
    names = {}
    for event, properties in _EVENTS.items():
        names[event] = f"{event.capitalize()}StreamEvent"
        data = f"{event.capitalize()}StreamData"
        schemas[data] = _object(properties)
        schemas[names[event]] = _object(
            {
                "id": {"type": "string", "description": "Para Last-Event-ID"},
                "event": {"type": "string", "const": event},
                "data": {
                    "type": "string",
                    "description": "JSON em uma linha",
                    "contentMediaType": "application/json",
                    "contentSchema": {"$ref": f"#/components/schemas/{data}"},
                },
            }
        )
    stream = result["paths"]["/api/v1/events"]["get"]["responses"]["200"]["content"]
    read = [{"$ref": f"#/components/schemas/{name}"} for name in names.values()]
    stream["text/event-stream"]["schema"] = {
        "description": "O texto, e cada evento como é lido dele",
        "oneOf": [{"type": "string"}, *read],
    }
    return result


def _object(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "required": [*properties], "properties": properties, **more}


def list_errors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Postprocessing hook: list all codes of errors, as values and in the description."""
    rows: dict[str, tuple[int, str]] = {}
    for error in sorted(_subclasses(ApiError), key=attrgetter("status_code", "code")):
        for provider in all_providers():
            message = for_provider(error.message, provider)
            rows.setdefault(for_provider(error.code, provider), (error.status_code, message))
    result["components"]["schemas"]["ErrorAnswer"]["properties"]["error"]["enum"] = [*rows]
    lines = [f"| `{code}` | {status} | {message} |" for code, (status, message) in rows.items()]
    details = [f"| `{code}` | {text} |" for code, text in DETAIL_CODES.items()]
    result["info"]["description"] += "\n".join((_ERRORS, *lines, _DETAILS, *details, ""))
    return result


def _subclasses(error: type[ApiError]) -> Iterator[type[ApiError]]:
    for subclass in error.__subclasses__():
        if hasattr(subclass, "code"):  # an abstract one has none
            yield subclass
        yield from _subclasses(subclass)


def name_providers(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Postprocessing hook: fill in the provider's name and label in its texts and error codes."""
    for provider in all_providers():
        for path, calls in result["paths"].items():
            if f"/integrations/{provider.name}/" in path:
                text = json.dumps(calls, ensure_ascii=False)
                result["paths"][path] = json.loads(for_provider(text, provider))
    return result
