"""Demo data: two logins, and the demo user's connection to the sandbox through the real API."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from flowzz.local.http_calls import CallFailed, call
from flowzz.local.servers import environment, secret_files
from flowzz.local.servers.paths import STATE

ADMIN_EMAIL = "admin@flowzz.example"
USER_EMAIL = "vendedora@flowzz.example"
WEBHOOKS_PER_SECOND = 2


@dataclass(frozen=True)
class Logins:
    """Passwords made up for this folder, at the first call."""

    admin_password: str
    user_password: str

    @classmethod
    def of_folder(cls, state: Path = STATE) -> "Logins":
        path = state / "demo.env"
        names = ("ADMIN_PASSWORD", "USER_PASSWORD")
        if not path.exists():
            made_up = {name: secrets.token_urlsafe(9) for name in names}
            secret_files.create(path, environment.as_text(made_up))
        kept = environment.read(path)
        return cls(*(kept[name] for name in names))


def connect(*, base_url: str, sandbox_url: str, logins: Logins) -> None:
    """Connect the demo user, where that is still to be done, and let orders come.

    Raises CallFailed.
    """
    login = {"email": USER_EMAIL, "password": logins.user_password}
    token = call("POST", f"{base_url}/api/v1/auth/token", login)["data"]["access"]
    webhook_url = _webhook_url(f"{base_url}/api/v1/integrations/coinzz", sandbox_url, token)
    # By the way inside this machine, whatever the public address is.
    receiver = {"url": base_url + urlsplit(webhook_url).path, "rate": WEBHOOKS_PER_SECOND}
    call("POST", f"{sandbox_url}/_control/webhooks", receiver)


def _webhook_url(integration: str, sandbox_url: str, token: str) -> str:
    try:
        status = call("GET", f"{integration}/status", token=token)["data"]
    except CallFailed:  # never connected before
        status = {"connected": False}
    if not status["connected"]:
        key = call("GET", f"{sandbox_url}/_control/key")["apiKey"]
        status = call("POST", f"{integration}/connect", {"apiKey": key}, token=token)["data"]
    return str(status["webhookUrl"])
