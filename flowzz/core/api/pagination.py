"""Cursor pagination: pages that stay the same while new rows arrive."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from flowzz.core.api.errors import ValidationFailed
from flowzz.core.api.incremental import (
    BY_CHANGE,
    ORDERING,
    first_unsettled_time,
    requested_ordering,
)
from flowzz.core.api.serializers import camel_case
from flowzz.core.db.keyset import behind

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
CURSOR = "cursor"
LIMIT = "limit"
INVALID_CURSOR = "INVALID_CURSOR"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The row at the edge of a page, and the direction to the rows that follow.

    `scope` names the list and its order: in another one the position would be a wrong one.
    """

    scope: str
    is_forward: bool
    time: datetime
    id: UUID

    def __str__(self) -> str:
        direction = "next" if self.is_forward else "previous"
        text = f"{self.scope} {direction} {self.time.isoformat()} {self.id}"
        return urlsafe_b64encode(text.encode()).decode()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError, OverflowError."""
        scope, direction, iso_time, id_ = urlsafe_b64decode(text).decode().split(" ")
        time = datetime.fromisoformat(iso_time)
        if direction not in ("next", "previous") or time.tzinfo is None:
            raise ValueError
        return cls(scope, direction == "next", time.astimezone(UTC), UUID(id_))


class CursorPagination(BasePagination):
    """Orders by a time and the id, newest first unless `ordering` says otherwise.

    One index serves each order at any depth, in both directions. Unlike with DRF's class of this
    name, rows with the same time keep their order on the way back.
    """

    default_field: ClassVar[str] = "created_at"
    fields: ClassVar[tuple[str, ...]] = ("updated_at",)
    """Further fields that rows can be ordered by."""
    time_field: str
    next: Cursor | None = None
    previous: Cursor | None = None
    is_descending: bool = True
    scope: str = ""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.url = request.build_absolute_uri()
        size = _page_size(request)
        ordering = self._ordering(request)
        self.is_descending = ordering.startswith("-")
        self.time_field = self._orderings()[ordering]
        self.scope = f"{queryset.model._meta.model_name}{ordering}"
        if ordering == BY_CHANGE:
            queryset = queryset.filter(updated_at__lt=first_unsettled_time())
        cursor = _cursor(request, self.scope)
        is_forward = cursor is None or cursor.is_forward
        sign = "-" if is_forward == self.is_descending else ""
        following = self._following(queryset, cursor)
        rows = list(following.order_by(f"{sign}{self.time_field}", f"{sign}id")[: size + 1])
        has_more = len(rows) > size
        rows = rows[:size] if is_forward else rows[:size][::-1]
        if rows and (has_more or not is_forward):
            self.next = self._cursor_at(rows[-1], is_forward=True)
        if rows and (cursor if is_forward else has_more):
            self.previous = self._cursor_at(rows[0], is_forward=False)
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        links = {"next": self._link(self.next), "previous": self._link(self.previous)}
        return Response({"success": True, "data": data, **links})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["success", "data", "next", "previous"],
            "properties": {
                "success": {"type": "boolean", "const": True},
                "data": schema,
                "next": link,
                "previous": link,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE}
        orderings = list(self._orderings())
        ordering = {"type": "string", "enum": orderings, "default": orderings[0]}
        return [
            _query_parameter(
                CURSOR, "Está nos endereços `next` e `previous` de cada página", {"type": "string"}
            ),
            _query_parameter(LIMIT, "Quantos por página", size),
            _query_parameter(ORDERING, "Com - na frente, do mais novo ao mais antigo", ordering),
        ]

    def _orderings(self) -> dict[str, str]:
        """Return the fields by the names of their orders, the default one first."""
        fields = (self.default_field, *self.fields)
        return {f"{sign}{camel_case(field)}": field for field in fields for sign in ("-", "")}

    def _ordering(self, request: Request) -> str:
        names = list(self._orderings())
        ordering = requested_ordering(request, names[0])
        if ordering not in names:
            reason = f"Use {', '.join(names[:-1])} ou {names[-1]}."
            raise ValidationFailed.of(ORDERING, reason, code="INVALID_CHOICE")
        return ordering

    def _following(self, queryset: QuerySet[Any], cursor: Cursor | None) -> QuerySet[Any]:
        if cursor is None:
            return queryset
        is_descending = cursor.is_forward == self.is_descending
        place = (cursor.time, cursor.id)
        return queryset.filter(behind((self.time_field, "id"), place, is_descending=is_descending))

    def _cursor_at(self, row: Any, *, is_forward: bool) -> Cursor:
        return Cursor(self.scope, is_forward, getattr(row, self.time_field), row.id)

    def _link(self, cursor: Cursor | None) -> str | None:
        return replace_query_param(self.url, CURSOR, str(cursor)) if cursor else None


def _cursor(request: Request, scope: str) -> Cursor | None:
    """Return the cursor in the query, if any. Raises ValidationFailed."""
    text = request.query_params.get(CURSOR)
    try:
        cursor = Cursor.parse(text) if text else None
    except (ValueError, OverflowError):
        raise ValidationFailed.of(CURSOR, "Cursor inválido.", code=INVALID_CURSOR) from None
    if cursor and cursor.scope != scope:
        reason = "Cursor de outra lista ou de outra ordem."
        raise ValidationFailed.of(CURSOR, reason, code=INVALID_CURSOR)
    return cursor


def _page_size(request: Request) -> int:
    text = request.query_params.get(LIMIT, str(PAGE_SIZE))
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_PAGE_SIZE))
    if not is_number or not 1 <= int(text) <= MAX_PAGE_SIZE:
        raise ValidationFailed.of(LIMIT, f"Use um número de 1 a {MAX_PAGE_SIZE}.")
    return int(text)


def _query_parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    parameter = {"name": name, "in": "query", "required": False}
    return parameter | {"description": description, "schema": schema}
