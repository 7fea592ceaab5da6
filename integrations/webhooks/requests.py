"""A webhook's request: its URL, the headers that are stored, and what became of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from unicodedata import category

from flowzz.core.caching import cache_short
from integrations.inbox.store import InboundWebhook
from integrations.models import Integration
from integrations.providers.registry import provider_names, signature_header
from integrations.webhooks.responses import Response
from integrations.webhooks.tokens import hash_token

STORED_HEADERS = ("Content-Type", "Content-Encoding", "User-Agent")
HEADER_LENGTH = 500
WITHOUT_TOKEN = {"", "subscription", "subscription/", "affiliation", "affiliation/"}
"""What may follow the provider in a URL without a token; the kind is in the body."""
# Sellers paste URLs with slashes, spaces and paths of their own behind.
# Not a path converter: its dot does not match an encoded line break.
PATTERN = r"(?P<provider>[-\w]+)(?:/(?P<rest>[\s\S]*))?\Z"
_PLAIN = re.compile(r"[\w-]+")
_PATH = re.compile("/webhooks/" + PATTERN)


class UnknownUrl(Exception):
    """The URL names no provider, or has neither a token nor the form of URLs without one."""


@dataclass(frozen=True, slots=True)
class Target:
    """The provider and the token in a URL. `token_hash` is empty if the URL has no token."""

    provider: str
    token_hash: str


@dataclass(slots=True)
class WebhookRequest:
    """A webhook, its owner once that is resolved, and the response once that is decided."""

    webhook: InboundWebhook | None
    integration: Integration | None = None
    response: Response | None = None
    is_signature_refused: bool = False
    is_signature_observed: bool = False
    """The signature would be refused, if it were not only observed."""
    quarantine_reason: str = ""
    """Why the webhook was stored without an owner."""
    uncounted_key: str = ""
    """The key of the rate limit that let the webhook pass, and has yet to count it."""
    url_token_hash: str = ""
    """The token's hash in the URL of a webhook that was refused before its body was read."""
    announced_size: int = 0

    @property
    def token_hash(self) -> str:
        return self.webhook.token_hash if self.webhook else self.url_token_hash

    @property
    def size(self) -> int:
        """The size of the body in bytes."""
        return len(self.webhook.body) if self.webhook else self.announced_size


@cache_short(10_000)
def parse_path(path: str) -> Target:
    """Parse a decoded path. Raises UnknownUrl."""
    match = _PATH.match(path)
    if match is None:
        raise UnknownUrl
    return parse_url(match["provider"], match["rest"] or "")


def parse_url(provider: str, rest: str) -> Target:
    """Parse what follows `/webhooks/`. Raises UnknownUrl."""
    token = _strip_invisible(rest.partition("/")[0])
    if provider not in provider_names() or (not token and rest not in WITHOUT_TOKEN):
        raise UnknownUrl
    return Target(provider, "" if rest in WITHOUT_TOKEN else hash_token(token))


def stored_headers(provider: str, get: Callable[[str], str | None]) -> dict[str, str]:
    """Return the headers to store, and the signature. `get` reads one by its name."""
    return {
        name: value[:HEADER_LENGTH]
        for name, lower_case in _names(signature_header(provider))
        if (value := get(lower_case))
    }


@cache
def _names(header_of_signatures: str) -> list[tuple[str, str]]:
    """Return the names of the stored headers, also in lower case."""
    names = filter(None, (*STORED_HEADERS, header_of_signatures))
    return [(name, name.lower()) for name in names]


def _strip_invisible(text: str) -> str:
    """Remove spaces, line breaks and zero-width characters around a token."""
    if _PLAIN.fullmatch(text):
        return text
    visible = [index for index, sign in enumerate(text) if category(sign)[0] not in "ZC"]
    return text[visible[0] : visible[-1] + 1] if visible else ""
