"""Pages that stay where they are while new rows come in."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db.models import Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from flowzz.core.api.errors import ValidationFailed
from flowzz.core.api.serializers import camel_case

PAGE_SIZE = 20
LARGEST_PAGE = 100
PARAMETER = "cursor"
LIMIT = "limit"
ORDERING = "ordering"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The row at the edge of a page, and on which side of it to go on."""

    is_forward: bool
    at: datetime
    id: UUID

    def __str__(self) -> str:
        way = "next" if self.is_forward else "previous"
        return urlsafe_b64encode(f"{way} {self.at.isoformat()} {self.id}".encode()).decode()

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises ValueError, OverflowError."""
        way, at, id_ = urlsafe_b64decode(text).decode().split(" ")
        moment = datetime.fromisoformat(at)
        if way not in ("next", "previous") or moment.tzinfo is None:
            raise ValueError
        return cls(way == "next", moment.astimezone(UTC), UUID(id_))


class CursorPagination(BasePagination):
    """By a time and then the id, newest first unless `ordering` turns it round.

    That one order, both ways, is what an index serves at any depth. Unlike DRF's of this name,
    rows of the very same time keep their place on the way back, too.
    """

    moment: ClassVar[str] = "created_at"
    next: Cursor | None = None
    previous: Cursor | None = None
    is_descending: bool = True

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.url = request.build_absolute_uri()
        size = _size_of(request)
        cursor = _cursor_of(request)
        is_forward = cursor is None or cursor.is_forward
        self.is_descending = self._is_descending(request)
        order = "-" if is_forward == self.is_descending else ""
        ordered = self._beyond(queryset, cursor).order_by(f"{order}{self.moment}", f"{order}id")
        rows = list(ordered[: size + 1])
        has_more = len(rows) > size
        rows = rows[:size] if is_forward else rows[:size][::-1]
        if rows and (has_more or not is_forward):
            self.next = self._at(rows[-1], is_forward=True)
        if rows and (cursor if is_forward else has_more):
            self.previous = self._at(rows[0], is_forward=False)
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
        return [
            {
                "name": PARAMETER,
                "in": "query",
                "required": False,
                "description": "Está nos endereços `next` e `previous` de cada página",
                "schema": {"type": "string"},
            },
            {
                "name": LIMIT,
                "in": "query",
                "required": False,
                "description": "Quantos por página",
                "schema": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": LARGEST_PAGE,
                    "default": PAGE_SIZE,
                },
            },
            {
                "name": ORDERING,
                "in": "query",
                "required": False,
                "description": "Com - na frente, do mais novo ao mais antigo",
                "schema": {"type": "string", "enum": self._orders(), "default": self._orders()[0]},
            },
        ]

    def _orders(self) -> list[str]:
        name = camel_case(self.moment)
        return [f"-{name}", name]

    def _is_descending(self, request: Request) -> bool:
        orders = self._orders()
        asked = request.query_params.get(ORDERING, orders[0])
        if asked not in orders:
            raise _invalid(ORDERING, f"Use {orders[0]} ou {orders[1]}.")
        return asked == orders[0]

    def _beyond(self, queryset: QuerySet[Any], cursor: Cursor | None) -> QuerySet[Any]:
        if cursor is None:
            return queryset
        less = "lt" if cursor.is_forward == self.is_descending else "gt"
        # The first condition is implied by the others; it is the one that an index can serve.
        return queryset.filter(
            Q(**{f"{self.moment}__{less}e": cursor.at}),
            Q(**{f"{self.moment}__{less}": cursor.at}) | Q(**{f"id__{less}": cursor.id}),
        )

    def _at(self, row: Any, *, is_forward: bool) -> Cursor:
        return Cursor(is_forward, getattr(row, self.moment), row.id)

    def _link(self, cursor: Cursor | None) -> str | None:
        return replace_query_param(self.url, PARAMETER, str(cursor)) if cursor else None


def _cursor_of(request: Request) -> Cursor | None:
    text = request.query_params.get(PARAMETER)
    try:
        return Cursor.read(text) if text else None
    except (ValueError, OverflowError):
        raise _invalid(PARAMETER, "Cursor inválido.") from None


def _size_of(request: Request) -> int:
    text = request.query_params.get(LIMIT, str(PAGE_SIZE))
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST_PAGE))):
        raise _invalid(LIMIT, f"Use um número de 1 a {LARGEST_PAGE}.")
    if not 1 <= int(text) <= LARGEST_PAGE:
        raise _invalid(LIMIT, f"Use um número de 1 a {LARGEST_PAGE}.")
    return int(text)


def _invalid(field: str, reason: str) -> ValidationFailed:
    return ValidationFailed(details=[{"field": field, "reason": reason}])
