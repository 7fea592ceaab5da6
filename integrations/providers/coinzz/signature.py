"""Signature of a webhook's raw body: hex HMAC-SHA256, with or without the prefix `sha256=`."""

import hmac
from collections.abc import Sequence


def sign(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


def is_valid(body: bytes, header: str, secrets: Sequence[str]) -> bool:
    """Return whether one of the active `secrets` signed `body`. An empty secret never did."""
    received = header.strip().lower().removeprefix("sha256=").encode(errors="replace")
    # All are compared, so that the time needed does not reveal which secret it was.
    matches = [
        hmac.compare_digest(sign(secret, body).encode(), received) for secret in secrets if secret
    ]
    return any(matches)
