"""Checks that the encryption key of this run is the one that the database was used with."""

import sys

from integrations.models import WebhookToken
from integrations.secrets import field_encryption
from integrations.secrets.crypto import DecryptionError


def check_encryption_key() -> None:
    """Exit with an explanation when the database holds secrets of another encryption key."""
    token = WebhookToken.objects.order_by("id").last()
    try:
        if token:
            field_encryption.decrypt_token(token)
    except DecryptionError:
        sys.exit(
            "The secrets in this database were encrypted with another COINZZ_ENCRYPTION_KEY. Set "
            "that key (.flowzz/local.env of the folder that used the database may contain it), "
            "or use an empty database."
        )
