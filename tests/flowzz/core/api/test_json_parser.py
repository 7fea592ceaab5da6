"""The parser of request bodies."""

from typing import Any

import pytest
from django.test import Client

from tests.api_client import Frontend, error, invalid, status_and_body

pytestmark = pytest.mark.django_db
JSON = "application/json"
REPEATED = "Veio mais de uma vez. Envie um valor só."
NOT_JSON = error("VALIDATION_ERROR", "O corpo não é um JSON válido.")


def post(body: Any, content_type: str = JSON) -> Any:
    return Frontend().post("/api/v1/auth/token", body, content_type=content_type)


@pytest.mark.parametrize(
    "body",
    [b"{", b"nada", b'{"email": NaN}', b"\xff\xfe", b"[" * 60_000, b'{"email": ' + b"9" * 5_000],
    ids=["cut", "not JSON", "NaN", "not UTF-8", "deeply nested", "long number"],
)
def test_body_that_is_not_json_is_a_validation_error(body: bytes) -> None:
    assert status_and_body(post(body)) == (400, NOT_JSON)


@pytest.mark.parametrize("body", [b"[]", b"7", b'"x"', b"null"])
def test_body_that_is_not_an_object_is_a_validation_error(body: bytes) -> None:
    expected = invalid(None, "O corpo deve ser um objeto JSON, como {}.")
    assert status_and_body(post(body)) == (400, expected)


def test_repeated_keys_are_named() -> None:
    response = post(b'{"email": "a", "password": "b", "email": "c", "x": {"y": 1, "y": 2}}')
    assert status_and_body(response) == (400, invalid("y", REPEATED))
    response = post(b'{"email": "a", "password": "b", "email": "c"}')
    assert status_and_body(response) == (400, invalid("email", REPEATED))


def test_large_body_is_refused_whether_read_or_announced() -> None:
    refusal = (413, error("PAYLOAD_TOO_LARGE", "O corpo passa do limite de 64 KiB."))
    announced = Client(CONTENT_TYPE=JSON, CONTENT_LENGTH="30000000")
    refused_unread = announced.generic("POST", "/api/v1/auth/token")
    responses = [post(b" " * 65_537), refused_unread]
    assert [status_and_body(response) for response in responses] == [refusal] * 2


def test_form_is_refused() -> None:
    assert status_and_body(post("email=a", "application/x-www-form-urlencoded")) == (
        415,
        error("UNSUPPORTED_MEDIA_TYPE", "Envie o corpo em JSON (Content-Type: application/json)."),
    )
