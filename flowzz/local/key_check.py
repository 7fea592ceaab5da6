"""Checks that the encryption key of this run is the one that the database was used with."""

import sys

from integrations.secrets import key_rotation

REMEDY = (
    "Set the earlier key as COINZZ_ENCRYPTION_KEY_FALLBACKS, or have their owners connect again "
    "and change their webhook URL."
)


def check_encryption_key() -> None:
    """Exit when the database holds only secrets of another key; warn if it holds some."""
    unreadable, count = key_rotation.find_unreadable()
    if not unreadable:
        return
    if len(unreadable) == count:
        sys.exit(
            "The secrets in this database were encrypted with another COINZZ_ENCRYPTION_KEY. Set "
            "that key (.flowzz/local.env of the folder that used the database may contain it), "
            "or use an empty database."
        )
    names = key_rotation.describe(unreadable)
    print(f"WARNING: {len(unreadable)} of {count} stored secrets can't be read: {names}. {REMEDY}")
