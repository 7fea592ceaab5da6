"""Django's database sessions in a table that knows their user."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db

from flowzz.accounts.models import StaffSession

LOGIN = "login"
"""The key of what the login form notes in the session: `ip`, `user_agent` and `at` (ISO 8601)."""


class SessionStore(db.SessionStore):
    @classmethod
    def get_model_class(cls) -> type[StaffSession]:
        return StaffSession

    def create_model_instance(self, data: dict[str, Any]) -> StaffSession:
        row = super().create_model_instance(data)
        assert isinstance(row, StaffSession)
        row.user_id = data.get(SESSION_KEY)
        login = data.get(LOGIN, {})
        row.ip_address, row.user_agent = login.get("ip", ""), login.get("user_agent", "")
        row.started_at = login.get("at")
        return row
