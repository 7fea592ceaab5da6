"""What the API's views share: the user's id, the envelope of a success, lists, sparse fields."""

import uuid
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter
from rest_framework import mixins, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from flowzz.core.api.errors import ValidationFailed

RowT = TypeVar("RowT", bound=Model)

FIELDS_PARAMETER = OpenApiParameter(
    "fields", str, description="Só estes campos, separados por vírgula: id,status"
)


class Router(SimpleRouter):
    """Accepts every URL with and without a trailing slash."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"


def current_user_id(request: Request) -> uuid.UUID:
    """Return the id of the logged-in user; the view's permissions guarantee that there is one."""
    assert request.user.is_authenticated
    return request.user.pk


def success(data: Any, message: str = "", *, status: int = 200) -> Response:
    return Response({"success": True, "data": data, "message": message}, status=status)


class SparseFieldsMixin:
    """Limits the fields of a generic view's serializer."""

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Raises ValidationFailed for unknown fields."""
        serializer = super().get_serializer(*args, **kwargs)  # type: ignore[misc]  # a mixin
        request: Request | None = getattr(self, "request", None)
        text = request.query_params.get(FIELDS_PARAMETER.name) if request else None
        if text is not None:
            _limit_fields(getattr(serializer, "child", serializer), set(text.split(",")))
        return serializer


class ListViewSet(SparseFieldsMixin, mixins.ListModelMixin, viewsets.GenericViewSet[RowT]):
    """Lists rows by its filters; a row that is requested by its id is found whatever its state."""

    filter_backends = (DjangoFilterBackend,)

    def filter_queryset(self, queryset: QuerySet[RowT, Any]) -> QuerySet[RowT, Any]:
        return queryset if self.detail else super().filter_queryset(queryset)


def _limit_fields(serializer: Any, requested: set[str]) -> None:
    existing = set(serializer.fields)
    if unknown := sorted(requested - existing):
        reasons = (f"Campo desconhecido: {name or '(vazio)'}." for name in unknown)
        raise ValidationFailed.of(FIELDS_PARAMETER.name, *reasons, code="UNKNOWN_FIELD")
    for name in existing - requested:
        serializer.fields.pop(name)
