"""The parser of request bodies."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework import exceptions, parsers
from rest_framework.utils import json

from flowzz.core.api.errors import MAX_BODY_BYTES, BodyTooLarge, ValidationFailed


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
            data = json.loads(body.decode())
        except (ValueError, RecursionError):
            raise exceptions.ParseError from None
        if not isinstance(data, dict):
            raise ValidationFailed.of(None, "O corpo deve ser um objeto JSON, como {}.")
        return data


def _content_length(parser_context: Mapping[str, Any] | None) -> int:
    request = (parser_context or {}).get("request")
    return int(request.META.get("CONTENT_LENGTH") or 0) if request else 0
