"""Whether this run's encryption key is the one that the database was used with."""

import sys

from integrations.models import WebhookToken
from integrations.secrets import field_encryption
from integrations.secrets.crypto import DecryptionError


def check_secrets() -> None:
    """Exit with what to do where the database holds secrets that can't be read."""
    token = WebhookToken.objects.order_by("id").last()
    try:
        if token:
            field_encryption.decrypt_token(token)
    except DecryptionError:
        sys.exit(
            "The secrets in this database were encrypted with another COINZZ_ENCRYPTION_KEY. Set "
            "that one (.flowzz/local.env of the folder that has used the database may hold it), "
            "or use an empty database."
        )
