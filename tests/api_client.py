"""A client of the API that behaves like the frontend."""

from typing import Any
from uuid import uuid4

from rest_framework.test import APIClient

from flowzz.accounts import sessions
from flowzz.accounts.models import User


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


def error(code: str, message: str, details: list[dict[str, str | None]] | None = None) -> Any:
    return {"error": code, "message": message, "details": details}


def invalid(field: str | None, reason: str) -> Any:
    return error(
        "VALIDATION_ERROR",
        "Há dados inválidos na requisição.",
        [{"field": field, "reason": reason}],
    )


def status_and_body(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json()
