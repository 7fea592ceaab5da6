"""Demo data: two logins, and the demo user's connection to the sandbox through the API."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from flowzz.local.http_calls import CallFailed, call
from flowzz.local.servers import env_files, secret_files
from flowzz.local.servers.paths import STATE

ADMIN_EMAIL = "admin@flowzz.example"
USER_EMAIL = "vendedora@flowzz.example"
WEBHOOKS_PER_SECOND = 2


@dataclass(frozen=True)
class DemoPasswords:
    """The passwords of the demo's two logins, generated once per folder."""

    admin: str
    user: str

    @classmethod
    def load_or_create(cls, state: Path = STATE) -> "DemoPasswords":
        path = state / "demo.env"
        names = ("ADMIN_PASSWORD", "USER_PASSWORD")
        if not path.exists():
            generated = {name: secrets.token_urlsafe(9) for name in names}
            secret_files.create(path, env_files.as_text(generated))
        stored = env_files.read(path)
        return cls(*(stored[name] for name in names))


def connect(*, base_url: str, sandbox_url: str, passwords: DemoPasswords) -> None:
    """Connect the demo user unless connected, and start the sandbox's webhooks.

    Raises CallFailed.
    """
    login = {"email": USER_EMAIL, "password": passwords.user}
    token = call("POST", f"{base_url}/api/v1/auth/token", login)["data"]["access"]
    webhook_url = _webhook_url(f"{base_url}/api/v1/integrations/coinzz", sandbox_url, token)
    # The public address may not be reachable from this machine; base_url always is.
    receiver = {"url": base_url + urlsplit(webhook_url).path, "rate": WEBHOOKS_PER_SECOND}
    call("POST", f"{sandbox_url}/_control/webhooks", receiver)


def _webhook_url(integration: str, sandbox_url: str, token: str) -> str:
    try:
        status = call("GET", f"{integration}/status", token=token)["data"]
    except CallFailed:  # 404: the demo user has no integration yet
        status = {"connected": False}
    if not status["connected"]:
        key = call("GET", f"{sandbox_url}/_control/key")["apiKey"]
        status = call("POST", f"{integration}/connect", {"apiKey": key}, token=token)["data"]
    return str(status["webhookUrl"])
