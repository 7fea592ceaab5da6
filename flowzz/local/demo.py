"""Demo data: three logins, and the sellers' connections to the sandbox through the API."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flowzz.local.http_calls import CallFailed, call
from flowzz.local.servers import env_files, secret_files
from flowzz.local.servers.paths import STATE

ADMIN_EMAIL = "admin@flowzz.example"
USER_EMAIL = "vendedora@flowzz.example"
WEBHOOK_USER_EMAIL = "loja@flowzz.example"
"""The seller without the API: the sandbox's account 4040 has no listing of sales."""
ACCOUNTS = {USER_EMAIL: "8702", WEBHOOK_USER_EMAIL: "4040"}
WEBHOOKS_PER_SECOND = {USER_EMAIL: 0.05, WEBHOOK_USER_EMAIL: 0.02}
"""Few, so that the hours of the demo's history stay visible beside them in the charts."""


@dataclass(frozen=True)
class DemoPasswords:
    """The passwords of the demo's logins, generated once per folder."""

    admin: str
    user: str
    webhook_user: str

    @classmethod
    def load_or_create(cls, state: Path = STATE) -> "DemoPasswords":
        path = state / "demo.env"
        names = ("ADMIN_PASSWORD", "USER_PASSWORD", "WEBHOOK_USER_PASSWORD")
        stored = env_files.read(path)
        if not stored.keys() >= set(names):
            stored = {name: secrets.token_urlsafe(9) for name in names} | stored
            secret_files.replace(path, env_files.as_text(stored))
        return cls(*(stored[name] for name in names))

    def of_sellers(self) -> dict[str, str]:
        return {USER_EMAIL: self.user, WEBHOOK_USER_EMAIL: self.webhook_user}


def connect(*, base_url: str, sandbox_url: str, passwords: DemoPasswords) -> None:
    """Connect the demo's sellers unless connected, and start the sandbox's webhooks.

    Raises CallFailed.
    """
    for email, password in passwords.of_sellers().items():
        login = {"email": email, "password": password}
        token = call("POST", f"{base_url}/api/v1/auth/token", login)["data"]["access"]
        account = {"account": ACCOUNTS[email]}
        webhook_url = _webhook_url(base_url, token, _connection(email, sandbox_url))
        # The public address may not be reachable from this machine; base_url always is.
        receiver = {
            "url": base_url + urlsplit(webhook_url).path,
            "rate": WEBHOOKS_PER_SECOND[email],
        }
        call("POST", f"{sandbox_url}/_control/webhooks", account | receiver)


def _connection(email: str, sandbox_url: str) -> dict[str, Any]:
    """Return the body of the API's `connect`."""
    if email == WEBHOOK_USER_EMAIL:
        return {"mode": "webhook"}
    key = call("GET", f"{sandbox_url}/_control/key?account={ACCOUNTS[email]}")["apiKey"]
    return {"apiKey": key}


def _webhook_url(base_url: str, token: str, connection: dict[str, Any]) -> str:
    integration = f"{base_url}/api/v1/integrations/coinzz"
    try:
        status = call("GET", f"{integration}/status", token=token)["data"]
    except CallFailed:  # 404: the demo user has no integration yet
        status = {"connected": False}
    if not status["connected"]:
        status = call("POST", f"{integration}/connect", connection, token=token)["data"]
    return str(status["webhookUrl"])
