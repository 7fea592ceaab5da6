"""Sparse answers: `fields=id,status` leaves the other fields out."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from flowzz.core.api.errors import ValidationFailed

PARAMETER = "fields"
FIELDS = OpenApiParameter(
    PARAMETER, str, description="Só estes campos, separados por vírgula: id,status"
)


class SparseFields:
    """Mix in before a generic view."""

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Raises ValidationFailed where a field is asked for that there isn't."""
        serializer = super().get_serializer(*args, **kwargs)  # type: ignore[misc]  # a mixin
        request: Request | None = getattr(self, "request", None)
        text = request.query_params.get(PARAMETER) if request else None
        if text is not None:
            _keep(getattr(serializer, "child", serializer), set(text.split(",")))
        return serializer


def _keep(serializer: Any, wanted: set[str]) -> None:
    known = set(serializer.fields)
    if unknown := sorted(wanted - known):
        raise ValidationFailed(
            details=[
                {"field": PARAMETER, "reason": f"Campo desconhecido: {name or '(vazio)'}."}
                for name in unknown
            ]
        )
    for name in known - wanted:
        serializer.fields.pop(name)
