import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.providers.coinzz.signature import is_valid, sign

BODY = b'{"order": {}}'


def test_signature_is_the_hex_hmac_sha256_of_the_body() -> None:
    # The first case of RFC 4231.
    assert sign("\x0b" * 20, b"Hi There") == (
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    )


@pytest.mark.parametrize("form", ["{}", "sha256={}", " sha256={} "])
def test_signature_is_accepted_with_and_without_prefix(form: str) -> None:
    assert is_valid(BODY, form.format(sign("secret", BODY)), ["secret"])


def test_hex_may_be_in_capitals() -> None:
    assert is_valid(BODY, f"SHA256={sign('secret', BODY).upper()}", ["secret"])


def test_either_of_two_active_secrets_is_valid() -> None:
    assert is_valid(BODY, sign("old", BODY), ["new", "old"])
    assert is_valid(BODY, sign("new", BODY), ["new", "old"])
    assert not is_valid(BODY, sign("older", BODY), ["new", "old"])


@pytest.mark.parametrize("signer", ["new", "old", "nobody's"])
def test_all_active_secrets_are_compared_in_constant_time(
    signer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare_digest(ours: bytes, sent: bytes) -> bool:
        compared.append((ours, sent))
        return ours == sent

    secrets = ["new", "old"]
    sent = sign(signer, BODY)
    monkeypatch.setattr(hmac, "compare_digest", compare_digest)

    assert is_valid(BODY, sent, secrets) == (signer in secrets)
    assert compared == [(sign(secret, BODY).encode(), sent.encode()) for secret in secrets]


@pytest.mark.parametrize("header", ["", "sha256=", "é" * 64, "\ud800", "0" * 64])
def test_missing_or_wrong_signature_is_invalid(header: str) -> None:
    assert not is_valid(BODY, header, ["secret"])


def test_signature_of_another_body_is_invalid() -> None:
    assert not is_valid(BODY + b" ", sign("secret", BODY), ["secret"])


def test_empty_secret_is_never_valid() -> None:
    assert not is_valid(BODY, sign("", BODY), ["", ""])


def test_no_secret_is_never_valid() -> None:
    assert not is_valid(BODY, sign("secret", BODY), [])


@given(st.binary(), st.text(), st.text(min_size=1))
def test_any_header_is_handled(body: bytes, header: str, secret: str) -> None:
    assert not is_valid(body, header + "x", [secret])
