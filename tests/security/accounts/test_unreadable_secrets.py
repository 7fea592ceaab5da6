"""A stored secret that can't be decrypted: its owner can go on, neighbours notice nothing."""

from typing import Any

import pytest

from integrations.models import Integration, WebhookToken
from integrations.secrets import field_encryption
from integrations.webhooks import signing_secrets, tokens
from tests.api_client import Frontend
from tests.factories import IntegrationFactory
from tests.integrations.sellers import post
from tests.sandbox.client import SandboxClient
from tests.staff import Staff

pytestmark = pytest.mark.django_db
DAMAGED = "0" * 32 + ":" + "0" * 32 + ":" + "0" * 64
SECRETS = ("token", "api_key", "signing_secret", "previous_signing_secret")


def integration_with_secrets(api_key: str) -> Integration:
    integration = IntegrationFactory.create()
    field_encryption.encrypt(integration, "api_key", api_key)
    for secret in ("segredo de assinatura um", "segredo de assinatura dois"):
        signing_secrets.set_signing_secret(integration, secret, keep_previous=True)
    integration.save()
    assert tokens.webhook_url(integration)
    return integration


@pytest.fixture(params=SECRETS)
def integration(request: Any, coinzz: SandboxClient) -> Integration:
    damaged = integration_with_secrets(coinzz.sandbox.api_key())
    if request.param == "token":
        WebhookToken.objects.filter(integration=damaged).update(token=DAMAGED)
    else:
        Integration.objects.filter(id=damaged.id).update(**{request.param: DAMAGED})
    damaged.refresh_from_db()
    return damaged


def test_owner_sees_what_to_do_and_can_connect_and_change_the_url(
    integration: Integration, coinzz: SandboxClient
) -> None:
    frontend, path = Frontend(integration.user), "integrations/coinzz"

    status = frontend.fetch(f"{path}/status")
    assert status.status_code == 200
    if status.json()["data"]["webhookUrl"] is None:
        assert any("crie outro e troque-o" in r for r in status.json()["data"]["health"]["reasons"])
    assert frontend.fetch("integrations").status_code == 200
    connected = frontend.send(f"{path}/connect", {"apiKey": coinzz.sandbox.api_key()})
    assert connected.status_code == 200
    rotated = frontend.send(f"{path}/webhook/rotate")
    assert (rotated.status_code, rotated.json()["data"]["webhookUrl"] is None) == (200, False)
    assert frontend.send(f"{path}/disconnect").status_code == 200


def test_neighbours_notice_nothing(integration: Integration, coinzz: SandboxClient) -> None:
    neighbour = integration_with_secrets(coinzz.sandbox.api_key())
    frontend = Frontend(neighbour.user)
    assert frontend.fetch("integrations/coinzz/status").json()["data"]["webhookUrl"]
    path = tokens.webhook_url(neighbour).removeprefix("https://flowzz.test")
    assert post(path, b"{}").status_code == 401  # without its signature, as always


def test_staff_see_every_page(integration: Integration, staff: Staff) -> None:
    page = f"/admin/integrations/integration/{integration.id}"
    paths = (
        "/admin/",
        "/admin/integrations/integration/",
        f"{page}/change/",
        f"{page}/diagnostico/",
    )
    assert [staff.get(path).status_code for path in paths] == [200] * 4
    assert staff.post(f"{page}/diagnostico/resultado/").status_code == 200
