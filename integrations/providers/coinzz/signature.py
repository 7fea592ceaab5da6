"""The signature of a webhook's raw body: hex HMAC-SHA256, `sha256=` in front of it or not."""

import hmac
from collections.abc import Sequence


def sign(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


def is_valid(body: bytes, header: str, secrets: Sequence[str]) -> bool:
    """Whether any of the active `secrets` signed `body`; an empty secret signs nothing."""
    sent = header.strip().lower().removeprefix("sha256=").encode(errors="replace")
    # All are compared, so that the time taken doesn't tell which secret it was.
    matches = [
        hmac.compare_digest(sign(secret, body).encode(), sent) for secret in secrets if secret
    ]
    return any(matches)
