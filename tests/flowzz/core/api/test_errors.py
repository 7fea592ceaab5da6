"""Errors and bodies, as every call of the API has them."""

from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from flowzz.accounts.models import User
from flowzz.core import redis
from flowzz.core.api.error_handlers import server_error
from sales.api.views import SaleViewSet
from tests.api_client import Frontend, error, invalid
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
JSON = "application/json"
INTERNAL = error("INTERNAL_SERVER_ERROR", "Erro interno. Tente novamente em alguns minutos.")
NOT_JSON = error("VALIDATION_ERROR", "O corpo não é um JSON válido.")


@pytest.fixture
def user() -> User:
    return UserFactory.create()


@pytest.fixture
def frontend(user: User) -> Frontend:
    return Frontend(user)


def post(body: Any, content_type: str = JSON) -> Any:
    return Frontend().post("/api/v1/auth/token", body, content_type=content_type)


def told(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json()


@pytest.mark.parametrize(
    "body",
    [b"{", b"nada", b'{"email": NaN}', b"\xff\xfe", b"[" * 60_000, b'{"email": ' + b"9" * 5_000],
    ids=["cut", "no JSON", "NaN", "no UTF-8", "nested without end", "endless number"],
)
def test_body_that_is_no_json_is_a_validation_error(body: bytes) -> None:
    assert told(post(body)) == (400, NOT_JSON)


@pytest.mark.parametrize("body", [b"[]", b"7", b'"x"', b"null"])
def test_body_that_is_no_object_is_a_validation_error(body: bytes) -> None:
    assert told(post(body)) == (400, invalid(None, "O corpo deve ser um objeto JSON, como {}."))


def test_large_body_is_refused_read_or_not() -> None:
    refusal = (413, error("PAYLOAD_TOO_LARGE", "O corpo passa do limite de 64 KiB."))
    announced = Client(CONTENT_TYPE=JSON, CONTENT_LENGTH="30000000")
    unread = announced.generic("POST", "/api/v1/auth/token")
    assert told(post(b" " * 65_537)) == told(unread) == refusal


def test_form_is_refused() -> None:
    assert told(post("email=a", "application/x-www-form-urlencoded")) == (
        415,
        error("UNSUPPORTED_MEDIA_TYPE", "Envie o corpo em JSON (Content-Type: application/json)."),
    )


def test_another_method_is_refused(frontend: Frontend) -> None:
    response = frontend.send("sales", {})
    assert told(response) == (
        405,
        error("METHOD_NOT_ALLOWED", "Este endereço não aceita este método."),
    )
    assert frontend.options("/api/v1/sales").status_code == 405


def test_only_json_is_answered(frontend: Frontend) -> None:
    response = frontend.get("/api/v1/sales", HTTP_ACCEPT="text/html")
    assert told(response) == (406, error("NOT_ACCEPTABLE", "A API responde somente em JSON."))


@pytest.mark.parametrize("path", ["/api/v1/nada", "/api/", "/api/v1/sales/x/y", "/api/v2/sales"])
def test_unknown_address_is_told_in_json(path: str) -> None:
    assert told(Frontend().get(path)) == (404, error("NOT_FOUND", "Não encontrado."))
    assert told(Frontend().post(path)) == (404, error("NOT_FOUND", "Não encontrado."))


def test_fault_is_told_without_its_internals(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("segredo")

    monkeypatch.setattr(SaleViewSet, "get_queryset", fail)
    assert told(frontend.fetch("sales")) == (500, INTERNAL)


@pytest.mark.parametrize(
    ("path", "is_json"), [("/api/v1/sales", True), ("/webhooks/x", False), ("/admin/", False)]
)
def test_fault_outside_of_views_is_told_in_json_to_the_api_only(path: str, is_json: bool) -> None:
    request: HttpRequest = RequestFactory().get(path)
    response = server_error(request)
    assert response.status_code == 500
    assert (response.headers["Content-Type"] == JSON) is is_json


def test_trailing_slash_changes_nothing(frontend: Frontend) -> None:
    assert told(frontend.get("/api/v1/sales/")) == told(frontend.get("/api/v1/sales"))
    assert Frontend().get("/api/v1/integrations/coinzz/status/").status_code == 401
    assert Frontend().post("/api/v1/auth/token/").status_code == 400


def test_api_is_limited_by_user(settings: Settings, frontend: Frontend) -> None:
    settings.RATE_LIMIT_API = "2/hour"
    assert [frontend.fetch("sales").status_code for _ in range(2)] == [200, 200]

    response = frontend.fetch("clients")

    assert told(response) == (
        429,
        error("RATE_LIMITED", "Muitas requisições em pouco tempo. Aguarde e tente novamente."),
    )
    assert int(response.headers["Retry-After"]) >= 1
    assert Frontend(UserFactory.create()).fetch("sales").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/api/schema", {}, 405),
        ("POST", "/api/docs", {}, 405),
        ("GET", "/api/schema", {"Accept": "image/png"}, 406),
        ("GET", "/api", {}, 404),
        ("GET", "/api/v1/sales/nada", {}, 404),
        ("GET", "/api/v1/sales", {"Host": "outro.exemplo"}, 400),
        ("GET", "/api/v1/sales?limit=0", {}, 400),
        ("GET", "/api/v1/sales?cursor=nada", {}, 400),
        ("GET", "/api/v1/sales?search=%00", {}, 400),
        ("GET", "/api/v1/sales?dateFrom=ontem", {}, 400),
        ("GET", "/api/v1/sales?clientId=7", {}, 400),
        ("GET", "/api/v1/clients?ordering=cpf", {}, 400),
        ("GET", "/api/v1/subscriptions?fields=nada", {}, 400),
        ("GET", "/api/v1/dashboard/metrics?period=sempre", {}, 400),
    ],
)
def test_every_error_has_the_same_form(
    frontend: Frontend, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    response: Any = frontend.generic(method, path, headers=headers)
    assert (response.status_code, response.headers["Content-Type"]) == (status, JSON)
    assert list(response.json()) == ["error", "message", "details"]


def test_description_is_limited_by_address(settings: Settings) -> None:
    settings.RATE_LIMIT_SCHEMA = "1/hour"
    reader = Frontend()
    assert reader.get("/api/schema?version=%0A1").status_code == 200

    response = reader.get("/api/schema")

    assert (response.status_code, response.json()["error"]) == (429, "RATE_LIMITED")
    assert Frontend().head("/api/schema").status_code == 200


def limits(response: Any) -> dict[str, str]:
    return {name: text for name, text in response.headers.items() if "RateLimit" in name}


def test_every_counted_answer_tells_what_is_left(settings: Settings, frontend: Frontend) -> None:
    settings.RATE_LIMIT_API = "4/hour"
    settings.RATE_LIMIT_SYNC = "2/minute"

    sales = frontend.fetch("sales")
    unchanged = frontend.get("/api/v1/sales", HTTP_IF_NONE_MATCH=sales.headers["ETag"])
    sync = frontend.send("integrations/coinzz/sync")
    missing = frontend.fetch("integrations/coinzz/status")
    refused = frontend.fetch("sales")

    answers = [sales, unchanged, sync, missing, refused]
    assert [response.status_code for response in answers] == [200, 304, 404, 404, 429]
    left = [limits(response) for response in answers]
    resets = [int(each.pop("RateLimit-Reset")) for each in left]
    assert all(3_500 < reset <= 3_600 for reset in resets)
    assert left == [
        {"RateLimit-Limit": "4", "RateLimit-Remaining": remaining, "RateLimit-Policy": policy}
        for remaining, policy in [
            ("3", "4;w=3600"),
            ("2", "4;w=3600"),
            ("1", "4;w=3600, 2;w=60"),
            ("0", "4;w=3600"),
            ("0", "4;w=3600"),
        ]
    ]
    assert int(refused.headers["Retry-After"]) == resets[-1]
    assert limits(Frontend().fetch("sales")) == {}  # nobody to count for


def test_without_redis_nobody_is_refused(settings: Settings, frontend: Frontend) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.RATE_LIMIT_API = "1/hour"
    redis.client.cache_clear()
    try:
        answers = [frontend.fetch("sales") for _ in range(3)]
    finally:
        redis.client.cache_clear()
    assert [response.status_code for response in answers] == [200, 200, 200]
    assert [limits(response) for response in answers] == [{}, {}, {}]


def test_other_origins_need_the_setting(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.exemplo.com.br"]

    def ask(path: str, origin: str) -> Any:
        return Frontend().options(
            path, HTTP_ORIGIN=origin, HTTP_ACCESS_CONTROL_REQUEST_METHOD="GET"
        )

    allowed = ask("/api/v1/sales", "https://app.exemplo.com.br")
    other = ask("/api/v1/sales", "https://outro.exemplo")
    elsewhere = ask("/admin/", "https://app.exemplo.com.br")

    assert allowed.headers["Access-Control-Allow-Origin"] == "https://app.exemplo.com.br"
    accepted = set(allowed.headers["Access-Control-Allow-Headers"].split(", "))
    assert {"authorization", "if-none-match", "idempotency-key", "last-event-id"} <= accepted
    read = Frontend().get("/api/v1/sales", HTTP_ORIGIN="https://app.exemplo.com.br")
    exposed = set(read.headers["Access-Control-Expose-Headers"].split(", "))
    assert {
        "ETag",
        "Idempotent-Replayed",
        "RateLimit-Limit",
        "Retry-After",
        "X-Request-ID",
    } <= exposed
    assert "Access-Control-Allow-Origin" not in other.headers
    assert "Access-Control-Allow-Origin" not in elsewhere.headers
