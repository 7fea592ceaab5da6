from integrations.models import Integration
from integrations.secrets import field_encryption
from integrations.webhooks import signing_secrets


def test_previous_signing_secret_is_kept_and_removed(integration: Integration) -> None:
    signing_secrets.set_signing_secret(integration, "primeiro", keep_previous=True)
    signing_secrets.set_signing_secret(integration, "segundo", keep_previous=True)

    integration.refresh_from_db()
    assert field_encryption.decrypt(integration, "signing_secret") == "segundo"
    assert field_encryption.decrypt(integration, "previous_signing_secret") == "primeiro"

    signing_secrets.set_signing_secret(integration, "", keep_previous=True)
    assert (integration.signing_secret, integration.previous_signing_secret) == ("", "")
