"""Sparse fields: `fields=id,status` returns these fields alone."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from flowzz.core.api.errors import ValidationFailed

PARAMETER = "fields"
FIELDS = OpenApiParameter(
    PARAMETER, str, description="Só estes campos, separados por vírgula: id,status"
)


class SparseFieldsMixin:
    """Limits the fields of a generic view's serializer."""

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Raises ValidationFailed for unknown fields."""
        serializer = super().get_serializer(*args, **kwargs)  # type: ignore[misc]  # a mixin
        request: Request | None = getattr(self, "request", None)
        text = request.query_params.get(PARAMETER) if request else None
        if text is not None:
            _limit_fields(getattr(serializer, "child", serializer), set(text.split(",")))
        return serializer


def _limit_fields(serializer: Any, requested: set[str]) -> None:
    existing = set(serializer.fields)
    if unknown := sorted(requested - existing):
        raise ValidationFailed(
            details=[
                {"field": PARAMETER, "reason": f"Campo desconhecido: {name or '(vazio)'}."}
                for name in unknown
            ]
        )
    for name in existing - requested:
        serializer.fields.pop(name)
