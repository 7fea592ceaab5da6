"""Bodies of test webhooks: staff send one to see that an integration receives; none is applied."""

import secrets

_START = b'{"flowzz_test": "'


def make_test_body() -> bytes:
    """Return a body that no other webhook has."""
    return _START + secrets.token_hex(16).encode() + b'"}'


def is_test_body(body: bytes) -> bool:
    return body.startswith(_START)
