"""The parser of request bodies."""

from collections import Counter
from collections.abc import Mapping
from typing import IO, Any

from rest_framework import exceptions, parsers
from rest_framework.utils import json

from flowzz.core.api.errors import MAX_BODY_BYTES, BodyTooLarge, ValidationFailed
from flowzz.core.api.known_inputs import refuse_repeated


class JSONParser(parsers.BaseParser):
    """Parses a JSON object of limited size and depth."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Raises BodyTooLarge, ParseError, ValidationFailed."""
        if _content_length(parser_context) > MAX_BODY_BYTES:  # refused without reading the body
            raise BodyTooLarge
        body = stream.read(MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge
        try:
            data = json.loads(body.decode(), object_pairs_hook=_without_repeated_keys)
        except (ValueError, RecursionError):
            raise exceptions.ParseError from None
        if not isinstance(data, dict):
            raise ValidationFailed.of(None, "O corpo deve ser um objeto JSON, como {}.")
        return data


def _without_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raises ValidationFailed: of a repeated key, all values but the last would be ignored."""
    values = dict(pairs)
    if len(values) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        refuse_repeated(key for key, count in counts.items() if count > 1)
    return values


def _content_length(parser_context: Mapping[str, Any] | None) -> int:
    request = (parser_context or {}).get("request")
    return int(request.META.get("CONTENT_LENGTH") or 0) if request else 0
