"""Demo data: an admin, a user, and the user's connection to the sandbox, through the real API."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from flowzz.accounts.models import User
from flowzz.embedded import environment, private

ADMIN_EMAIL = "admin@flowzz.example"
USER_EMAIL = "vendedora@flowzz.example"
WEBHOOKS_PER_SECOND = 2
TIMEOUT_SECONDS = 30


class DemoFailed(Exception):
    """An answer isn't as it should be; the message says which."""


@dataclass(frozen=True)
class Logins:
    admin_password: str
    user_password: str


def create_users(passwords: Path) -> Logins:
    """Create both users where they don't exist; the file keeps their passwords."""
    made_up = {name: secrets.token_urlsafe(9) for name in ("ADMIN_PASSWORD", "USER_PASSWORD")}
    private.create(passwords, environment.as_text(made_up))
    kept = environment.read(passwords)
    logins = Logins(kept["ADMIN_PASSWORD"], kept["USER_PASSWORD"])
    if not User.objects.filter(email=ADMIN_EMAIL).exists():
        User.objects.create_superuser(ADMIN_EMAIL, logins.admin_password)
    if not User.objects.filter(email=USER_EMAIL).exists():
        User.objects.create_user(USER_EMAIL, logins.user_password, name="Loja de Demonstração")
    return logins


def connect(*, base_url: str, sandbox_url: str, password: str) -> None:
    """Connect the demo user to the sandbox, where need be, and let its orders come.

    Raises DemoFailed, or requests.RequestException where one of the two can't be reached.
    """
    with requests.Session() as session:
        session.trust_env = False  # no proxy between programs of one machine
        token = _call(
            session,
            "POST",
            f"{base_url}/api/v1/auth/token",
            {"email": USER_EMAIL, "password": password},
        )["data"]["access"]
        session.headers["Authorization"] = f"Bearer {token}"
        webhook_url = _webhook_url(session, f"{base_url}/api/v1/integrations/coinzz", sandbox_url)
        del session.headers["Authorization"]
        # By the way inside this machine, whatever the public address is.
        receiver = {"url": base_url + urlsplit(webhook_url).path, "rate": WEBHOOKS_PER_SECOND}
        _call(session, "POST", f"{sandbox_url}/_control/webhooks", receiver)


def _webhook_url(session: requests.Session, integration: str, sandbox_url: str) -> str:
    status = session.get(f"{integration}/status", timeout=TIMEOUT_SECONDS)
    if status.ok and status.json()["data"]["connected"]:
        return str(status.json()["data"]["webhookUrl"])
    key = _call(session, "GET", f"{sandbox_url}/_control/key")["apiKey"]
    connected = _call(session, "POST", f"{integration}/connect", {"apiKey": key})
    return str(connected["data"]["webhookUrl"])


def _call(
    session: requests.Session, method: str, url: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    response = session.request(method, url, json=body, timeout=TIMEOUT_SECONDS)
    if not response.ok:
        raise DemoFailed(f"{method} {url} answered {response.status_code}: {response.text[:500]}")
    answer: dict[str, Any] = response.json()
    return answer
