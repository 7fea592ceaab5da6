"""The webhook endpoint, from the request to the stored event and the response."""

import json
from typing import Any

import pytest
from django.test import Client as Browser
from django.test.client import FakePayload
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from flowzz.core.rate_limits import RateLimit
from integrations import connection
from integrations.inbox import replay
from integrations.models import IntegrationStatus, WebhookEvent, WebhookToken
from integrations.providers.coinzz.signature import sign
from integrations.webhooks import intake, signing_secrets, tokens
from sales.models import Sale
from tests import payloads
from tests.integrations.sellers import Seller, answer, post
from tests.log_lines import capture, lines_of

pytestmark = pytest.mark.django_db

ACKNOWLEDGED = {"success": True, "message": "Webhook received and processing"}
LIMIT = 256 * 1024
TOKENLESS = "/webhooks/coinzz"


@pytest.fixture
def seller() -> Seller:
    return Seller()


@pytest.fixture
def _without_token(settings: Settings) -> None:
    settings.WEBHOOK_WITHOUT_TOKEN = True


def error_of(response: Any) -> tuple[int, str]:
    return response.status_code, answer(response)["error"]


@pytest.mark.parametrize("name", payloads.NAMES)
def test_recorded_body_is_stored_unchanged_and_acknowledged(seller: Seller, name: str) -> None:
    response = seller.post(payloads.raw(name), HTTP_USER_AGENT="Coinzz", HTTP_COOKIE="a=b")

    assert (response.status_code, answer(response)) == (200, ACKNOWLEDGED)
    [event] = seller.events
    assert bytes(event.body or b"") == payloads.raw(name)
    assert event.headers == {"Content-Type": "application/json", "User-Agent": "Coinzz"}
    assert event.state == "PENDING"


def test_webhook_is_logged_by_its_ids(seller: Seller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "integrations.webhooks.intake")
    with capture() as stream:
        seller.post(b"{}", HTTP_X_REQUEST_ID="pedido-1")

    [event] = seller.events
    [line] = lines_of(stream, "webhook_received")
    del line["timestamp"]
    assert line == {
        "event": "webhook_received",
        "level": "info",
        "logger": "integrations.webhooks.intake",
        "request_id": "pedido-1",
        "integration_id": str(seller.integration.id),
        "event_id": str(event.id),
        "bytes": 2,
    }


def test_webhook_takes_two_statements(
    seller: Seller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Resolve the integration and insert, without a transaction around them."""
    path = seller.path
    with django_assert_num_queries(2):
        assert post(path, payloads.raw("order_cod_created")).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "/subscription", "/affiliation", "/affiliation/", "//", "/orders", "/a/b//c"),
        *("%20", "%20%20/", "%0A", "%09/orders", "%E2%80%8B", "/%E2%80%8B", "%EF%BB%BF", "%00"),
        *("%C2%A0", "/%FF", "?utm=1", "%2Forders", "/%0A"),
    ],
)
def test_kind_comes_from_the_body_not_from_the_path(seller: Seller, path: str) -> None:
    post(seller.path + path, payloads.raw("order_cod_created"))
    seller.drain()

    assert [(event.kind, event.outcome) for event in seller.events] == [("order", "created")]


def test_error_repeats_the_request_id() -> None:
    response = post("/webhooks/coinzz/unknown", b"{}", HTTP_X_REQUEST_ID="do-proxy.1")
    assert response["X-Request-ID"] == "do-proxy.1"
    assert answer(response) == {
        "error": "NOT_FOUND",
        "message": "Endereço de webhook desconhecido.",
        "details": None,
        "requestId": "do-proxy.1",
    }


def test_unknown_token_is_404_and_nothing_is_stored(seller: Seller) -> None:
    for path in (
        *("/webhooks/coinzz/unknown", "/webhooks/outra/unknown", "/webhooks/outra"),
        *("/webhooks/coinzz/%20", "/webhooks/coinzz//", "/webhooks/coinzz/%E2%80%8B/orders"),
        *("/webhooks/coinzz/subscription/orders", "/webhooks/coinzz/%0A", "/webhooks/coinzz%20"),
        *(
            f"{seller.path}x",
            f"{seller.path[:-1]}",
            f"{seller.path}.",
            seller.path.replace("coinzz", "coinzz/"),
        ),
    ):
        assert post(path, b"{}").status_code == 404, path
    assert not WebhookEvent.objects.exists()


def test_rotated_token_is_valid_until_its_grace_ends(seller: Seller) -> None:
    first = seller.path
    tokens.rotate_token(seller.integration)
    second = seller.path
    tokens.rotate_token(seller.integration)

    assert len({first, second, seller.path}) == 3
    for path in (first, second, seller.path):
        assert post(path, b"{}").status_code == 200

    WebhookToken.objects.exclude(expires_at=None).update(expires_at=timezone.now())
    assert [post(p, b"{}").status_code for p in (first, second, seller.path)] == [404, 404, 200]


@pytest.mark.usefixtures("_without_token")
@pytest.mark.parametrize("path", [TOKENLESS, TOKENLESS + "/subscription"])
def test_webhook_without_token_belongs_to_the_sole_connected_integration(
    seller: Seller, path: str
) -> None:
    Seller(email="outra@flowzz.test", status=IntegrationStatus.DISCONNECTED)

    assert post(path, payloads.raw("order_cod_created")).status_code == 200
    seller.drain()
    assert seller.states == [("DONE", "created")]


@pytest.mark.usefixtures("_without_token")
@pytest.mark.parametrize("others", [0, 2])
def test_webhook_without_token_is_quarantined_if_none_or_several_could_own_it(others: int) -> None:
    sellers = [Seller(email=f"vendedora{number}@flowzz.test") for number in range(others)]

    response = post(TOKENLESS, payloads.raw("order_cod_created"))

    assert (response.status_code, answer(response)) == (200, ACKNOWLEDGED)
    event = WebhookEvent.objects.get()
    assert (event.integration, event.state, event.reason) == (None, "QUARANTINED", "unroutable")
    assert event.error == "O evento pode ser de mais de uma integração, ou de nenhuma."
    if sellers:
        replay.assign(WebhookEvent.objects.all(), sellers[1].integration)
        sellers[1].drain()
        assert sellers[1].sale("ordaaaaa").user == sellers[1].integration.user
        assert Sale.objects.count() == 1


def test_webhook_of_a_disconnected_integration_is_stored_and_ignored(seller: Seller) -> None:
    path = seller.path
    connection.disconnect(seller.integration)

    assert post(path, payloads.raw("order_cod_created")).status_code == 200
    seller.drain()
    assert seller.states == [("IGNORED", "disconnected")]


def test_required_signature_is_verified(seller: Seller) -> None:
    body = payloads.raw("order_cod_created")
    signing_secrets.set_signing_secret(seller.integration, "primeiro", keep_previous=False)
    assert error_of(seller.post(body)) == (401, "INVALID_SIGNATURE")
    assert error_of(signed(seller, body, sign("outro", body))) == (401, "INVALID_SIGNATURE")
    assert error_of(signed(seller, body + b" ", sign("primeiro", body)))[0] == 401
    assert not WebhookEvent.objects.exists()

    assert signed(seller, body, sign("primeiro", body)).status_code == 200
    assert signed(seller, body, "sha256=" + sign("primeiro", body)).status_code == 200


def test_previous_signing_secret_stays_valid_beside_the_new_one(seller: Seller) -> None:
    body = payloads.raw("order_cod_created")
    signing_secrets.set_signing_secret(seller.integration, "primeiro", keep_previous=False)
    signing_secrets.set_signing_secret(seller.integration, "segundo", keep_previous=True)

    statuses = [
        signed(seller, body, sign(secret, body)).status_code
        for secret in ("primeiro", "segundo", "terceiro")
    ]

    assert statuses == [200, 200, 401]


def signed(seller: Seller, body: bytes, signature: str) -> Any:
    return seller.post(body, HTTP_X_COINZZ_SIGNATURE=signature)


def test_body_over_the_limit_is_413_and_not_stored(seller: Seller) -> None:
    assert seller.post(b" " * LIMIT).status_code == 200
    assert error_of(seller.post(b" " * (LIMIT + 1))) == (413, "PAYLOAD_TOO_LARGE")
    assert [len(event.body or b"") for event in seller.events] == [LIMIT]


def test_413_message_names_the_configured_limit(seller: Seller, settings: Settings) -> None:
    settings.WEBHOOK_MAX_BYTES = 2048
    message = json.loads(seller.post(b" " * 2049).content)["message"]
    assert message == "O corpo passa do limite de 2 KiB."


def test_body_is_not_read_if_content_length_exceeds_the_limit(seller: Seller) -> None:
    class UnreadablePayload(FakePayload):
        def read(self, num_bytes: int | None = None) -> bytes:
            raise AssertionError("the body was read")

    environ: dict[str, Any] = {"wsgi.input": UnreadablePayload(), "CONTENT_LENGTH": LIMIT + 1}
    response = Browser().generic("POST", seller.path, **environ)
    assert error_of(response) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_not_allowed(seller: Seller, method: str) -> None:
    assert Browser().generic(method, seller.path, b"{}").status_code == 405
    assert seller.events == []


def test_too_many_webhooks_of_one_integration_are_429(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "RATE", RateLimit("webhook-test", lambda: "2/minute"))
    other = Seller(email="outra@flowzz.test")
    assert [seller.post(b"{}").status_code for _ in range(2)] == [200, 200]

    response = seller.post(b"{}")

    assert error_of(response) == (429, "RATE_LIMITED")
    assert 1 <= int(response["Retry-After"]) <= 120
    assert len(seller.events) == 2
    assert other.post(b"{}").status_code == 200


def price(text: str) -> bytes:
    return payloads.encode(payloads.order()).replace(b'"100.00"', text.encode())


def date(text: str) -> bytes:
    return payloads.encode(payloads.order(date_order=text))


DEEP = b'{"order": ' + b"[" * 1000 + b"]" * 1000 + b"}"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"order": ', "invalid_json"),
        (b"", "empty_body"),
        (b"  \n", "empty_body"),
        (b"[1, 2]", "not_an_object"),
        (b'"order"', "not_an_object"),
        (b"null", "not_an_object"),
        (b"{}", "unknown_kind"),
        (b'{"order": []}', "missing_identity"),
        (b'{"order": "ord1"}', "invalid_section"),
        (b'{"order": {"order_number": ["ord1"]}}', "invalid_identity"),
        (b"\x00", "empty_body"),
        (b"\xff\xfe{", "invalid_json"),
        (price("NaN"), "invalid_json"),
        (price("-Infinity"), "invalid_json"),
        (price("9" * 1000), "money_too_large"),
        (price("10000000000.00"), "money_too_large"),
        (price("-1"), "negative_money"),
        (DEEP, "too_deep"),
        (b"[" * 100_000, "too_deep"),
        (b" " * LIMIT, "empty_body"),
        (b"\x1f\x8b\x08\x00", "compressed_body"),
        (b"order_number=ord1&order_status=Pago", "form_body"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value,
)
def test_unreadable_body_is_stored_quarantined_and_explained(
    seller: Seller, body: bytes, reason: str
) -> None:
    readable = payloads.encode(payloads.order("readable"))

    assert [seller.post(sent).status_code for sent in (readable, body)] == [200, 200]
    seller.drain()

    assert seller.states == [("DONE", "created"), ("QUARANTINED", reason)]
    bad = seller.events[1]
    assert bytes(bad.body or b"") == body
    assert bad.error.endswith(".")
    assert len(bad.error) > 15


@pytest.mark.parametrize(
    ("body", "date"),
    [
        (date("0000-00-00 00:00:00"), None),
        (date("2018-11-04 00:30:00"), "2018-11-04T03:30:00+00:00"),
        (b"\xef\xbb\xbf" + date("2025-10-02 22:41:07"), "2025-10-03T01:41:07+00:00"),
    ],
    ids=["null date", "daylight-saving gap", "byte order mark"],
)
def test_unusual_but_readable_body_becomes_a_sale(seller: Seller, body: bytes, date: str) -> None:
    assert seller.post(body).status_code == 200
    seller.drain()

    assert seller.states == [("DONE", "created")]
    expected = date or seller.events[0].received_at.isoformat()
    assert seller.sale().sale_date.isoformat() == expected


def test_nul_and_surrogates_in_texts_are_replaced(seller: Seller) -> None:
    body = payloads.encode(payloads.order(client={"client_name": "Ana @ Lima"}))
    seller.post(body.replace(b"@", b"\\u0000\\ud800"))
    seller.drain()

    client = seller.sale().client
    assert client is not None
    assert client.name == "Ana \N{REPLACEMENT CHARACTER} Lima"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_any_content_type_is_accepted(seller: Seller, content_type: str) -> None:
    seller.post(payloads.raw("order_cod_created"), content_type=content_type)
    seller.drain()

    assert seller.states == [("DONE", "created")]


def test_content_encoding_is_stored_and_quarantined(seller: Seller) -> None:
    seller.post(payloads.raw("order_cod_created"), HTTP_CONTENT_ENCODING="br")
    seller.drain()

    assert seller.states == [("QUARANTINED", "compressed_body")]


def test_webhooks_with_a_wrong_signature_are_limited_apart_from_the_signed(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guesses must not be unlimited, and must not use up the rate of the platform."""
    signing_secrets.set_signing_secret(seller.integration, "segredo", keep_previous=False)
    monkeypatch.setattr(intake, "RATE", RateLimit("webhook-unsigned", lambda: "2/minute"))

    statuses = [seller.post(b"{}").status_code for _ in range(3)]

    assert statuses == [401, 401, 429]
    assert signed(seller, b"{}", sign("segredo", b"{}")).status_code == 200
