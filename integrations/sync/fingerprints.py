"""Fingerprints of a page's items: an item that is the same as last time is not read again.

A sale keeps the fingerprint of the report that it was last compared with. The database clears it
when anything else writes the sale, or changes its client (`sales/migrations/0002_triggers.py`).
"""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from typing import Any, Final
from uuid import UUID

import msgspec
from django.conf import settings

from flowzz.core.env import BASE_DIR
from integrations.models import Integration
from integrations.providers.contracts import MappedWord, Reader
from sales.models import Sale

_CODE: Final = ("clients", "sales", "integrations")
_LIBRARIES: Final = ("phonenumbers", "validate-docbr")
_JSON: Final = msgspec.json.Encoder(decimal_format="number")


def compute(items: Iterable[Any], words: Sequence[MappedWord]) -> list[UUID]:
    """Hash items together with all else that decides what an item changes in an unchanged sale.

    That is the program, which reads the item, and the status words that staff have mapped.
    """
    keyed = blake2b(repr(words).encode(), key=_program(settings.SECRET_KEY), digest_size=16)
    hashes = []
    for item in items:
        item_hash = keyed.copy()
        item_hash.update(_encode(item))
        hashes.append(UUID(bytes=item_hash.digest()))
    return hashes


def find_unchanged(
    integration: Integration, reader: Reader, items: Collection[tuple[Any, UUID]]
) -> dict[UUID, list[str]]:
    """Return the fingerprints of the items that change nothing, with the ids of their sales."""
    ids = {id_ for item, _ in items for id_ in reader.order_ids(item)}
    sales = Sale.objects.owned_by(integration.user_id).with_order_ids(integration.provider, ids)
    same = sales.associated().filter(report_fingerprint__any_of=[hash_ for _, hash_ in items])
    rows = same.values_list("report_fingerprint", "external_id", "order_hash")
    return {hash_: order_ids for hash_, *order_ids in rows if hash_}


def _encode(item: Any) -> bytes:
    try:
        return _JSON.encode(item)
    except UnicodeEncodeError:  # a text with half a character
        return repr(item).encode(errors="surrogatepass")


@cache
def _program(secret_key: str) -> bytes:
    """Return a hash of the code and of the libraries that read values: a new version reads again.

    The secret key is part of it: nobody can guess the personal data in an item from its hash.
    """
    program = blake2b(secret_key.encode())
    for name in _LIBRARIES:
        program.update(version(name).encode())
    for package in _CODE:
        for path in sorted((BASE_DIR / package).rglob("*.py")):
            program.update(path.read_bytes())
    return program.digest()
