"""Hooks of drf-spectacular: document the calls of each provider under its own name."""

import json
from typing import Any

from integrations.api.errors import for_provider
from integrations.providers.registry import all_providers, provider_names

Endpoint = tuple[str, str, str, Any]
_PARAMETER = "{provider}"


def expand_providers(endpoints: list[Endpoint], **_: Any) -> list[Endpoint]:
    """Preprocessing hook: replace a path with `{provider}` by a path for each provider."""
    return [
        (path.replace(_PARAMETER, name), *rest)
        for path, *rest in endpoints
        for name in (provider_names() if _PARAMETER in path else [""])
    ]


def name_providers(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Postprocessing hook: fill in the provider's name and label in its texts and error codes."""
    for provider in all_providers():
        for path, calls in result["paths"].items():
            if f"/integrations/{provider.name}/" in path:
                text = json.dumps(calls, ensure_ascii=False)
                result["paths"][path] = json.loads(for_provider(text, provider))
    return result
