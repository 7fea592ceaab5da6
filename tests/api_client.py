"""A client of the API that behaves like the frontend."""

from typing import Any
from uuid import uuid4

from rest_framework.test import APIClient

from flowzz.accounts import sessions
from flowzz.accounts.models import User
from flowzz.core.api.errors import DETAIL_CODES


class Frontend(APIClient):
    """Sends JSON with a user's token or without one, each instance from another IP network."""

    def __init__(self, user: User | None = None) -> None:
        super().__init__(REMOTE_ADDR=f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1")
        if user:
            token = sessions.log_in(user).access_token
            self.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")

    def send(self, path: str, body: Any = None) -> Any:
        return self.post(f"/api/v1/{path}", body, format="json")

    def fetch(self, path: str, **query: Any) -> Any:
        return self.get(f"/api/v1/{path}", query)


class ErrorBody(dict[str, Any]):
    """Equals an error's body, whatever its request id, and whichever known codes details have."""

    __hash__ = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, dict) or not isinstance(other.get("requestId"), str):
            return False
        details = other["details"] and [dict(detail) for detail in other["details"]]
        codes = {detail.pop("code") for detail in details or ()}
        expected = {**self, "requestId": other["requestId"]}
        return codes <= {*DETAIL_CODES} and expected == {**other, "details": details}


def error(code: str, message: str, details: list[dict[str, str | None]] | None = None) -> Any:
    return ErrorBody(error=code, message=message, details=details)


def invalid(field: str | None, reason: str) -> Any:
    return error(
        "VALIDATION_ERROR",
        "Há dados inválidos na requisição.",
        [{"field": field, "reason": reason}],
    )


def status_and_body(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json()
