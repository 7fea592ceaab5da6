"""The error responses of the API."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import DataError, OperationalError, connection
from django.http import HttpRequest
from django.test import RequestFactory
from psycopg.errors import ProgramLimitExceeded

from flowzz.core.api.error_handlers import server_error
from flowzz.core.db.failures import is_unavailable
from sales.api.views import SaleViewSet
from tests.api_client import Frontend, error, status_and_body
from tests.factories import UserFactory
from tests.staff import Staff

pytestmark = pytest.mark.django_db
JSON = "application/json"
INTERNAL = error("INTERNAL_SERVER_ERROR", "Erro interno. Tente novamente em alguns minutos.")


@pytest.fixture
def frontend() -> Frontend:
    return Frontend(UserFactory.create())


def test_another_method_is_refused(frontend: Frontend) -> None:
    response = frontend.send("sales", {})
    assert status_and_body(response) == (
        405,
        error("METHOD_NOT_ALLOWED", "Este endereço não aceita este método."),
    )
    assert frontend.options("/api/v1/sales").status_code == 405


def test_other_formats_than_json_are_refused(frontend: Frontend) -> None:
    response = frontend.get("/api/v1/sales", HTTP_ACCEPT="text/html")
    expected = error("NOT_ACCEPTABLE", "A API responde somente em JSON.")
    assert status_and_body(response) == (406, expected)


@pytest.mark.parametrize("path", ["/api/v1/nada", "/api/", "/api/v1/sales/x/y", "/api/v2/sales"])
def test_unknown_url_is_answered_in_json(path: str) -> None:
    assert status_and_body(Frontend().get(path)) == (404, error("NOT_FOUND", "Não encontrado."))
    assert status_and_body(Frontend().post(path)) == (404, error("NOT_FOUND", "Não encontrado."))


def test_unexpected_error_is_answered_without_internals(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("segredo")

    monkeypatch.setattr(SaleViewSet, "get_queryset", fail)
    assert status_and_body(frontend.fetch("sales")) == (500, INTERNAL)


@pytest.mark.parametrize(
    ("path", "is_json"), [("/api/v1/sales", True), ("/webhooks/x", False), ("/admin/", False)]
)
def test_error_outside_of_views_is_json_in_the_api_only(path: str, is_json: bool) -> None:
    request: HttpRequest = RequestFactory().get(path)
    response = server_error(request)
    assert response.status_code == 500
    assert (response.headers["Content-Type"] == JSON) is is_json


@pytest.fixture
def _no_database(transactional_db: None) -> Iterator[None]:
    """Let the database's port refuse connections."""
    port = connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["PORT"] = 1
    yield
    connection.close()
    connection.settings_dict["PORT"] = port


UNAVAILABLE = error("UNAVAILABLE", "Serviço indisponível por instantes. Aguarde e tente novamente.")


def test_unreachable_database_is_a_503_in_json(request: Any, frontend: Frontend) -> None:
    request.getfixturevalue("_no_database")
    responses = [
        frontend.fetch("sales"),
        frontend.send("integrations/coinzz/sync", {}),
        frontend.send("auth/token", {"email": "a@exemplo.com.br", "password": "qualquer"}),
        Frontend().get("/api/v1/nada"),
    ]
    assert [status_and_body(response) for response in responses[:3]] == [(503, UNAVAILABLE)] * 3
    assert [response.headers["Retry-After"] for response in responses[:3]] == ["5"] * 3
    assert responses[3].status_code == 404


def test_unreachable_database_is_a_503_page_in_portuguese(request: Any, staff: Staff) -> None:
    request.getfixturevalue("_no_database")
    staff.raise_request_exception = False
    for path in ("/admin/", "/admin/sales/sale/", "/admin/verificacao/"):
        response = staff.get(path)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
        assert "Espere alguns segundos e recarregue a página" in response.content.decode()


@pytest.mark.django_db(transaction=True)
def test_read_only_and_locked_databases_are_a_503(frontend: Frontend) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        try:
            created = frontend.send("integrations/coinzz/connect", {"mode": "webhook"})
        finally:
            cursor.execute("SET default_transaction_read_only = off")
    assert status_and_body(created) == (503, UNAVAILABLE)
    connection.close()

    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("LOCK TABLE sales_sale")
        connection.cursor().execute("SET lock_timeout = '10ms'")
        assert status_and_body(frontend.fetch("sales")) == (503, UNAVAILABLE)
        connection.close()


def test_value_that_the_database_refuses_is_no_503() -> None:
    error = OperationalError()
    error.__cause__ = ProgramLimitExceeded()
    assert [is_unavailable(error), is_unavailable(DataError()), is_unavailable(None)] == [False] * 3


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
def test_all_errors_have_the_same_format(
    frontend: Frontend, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    response: Any = frontend.generic(method, path, headers=headers)
    assert (response.status_code, response.headers["Content-Type"]) == (status, JSON)
    assert list(response.json()) == ["error", "message", "details", "requestId"]


def test_error_repeats_the_request_id() -> None:
    response = Frontend().get("/api/v1/sales", headers={"X-Request-ID": "do-proxy.1"})
    assert response.json()["requestId"] == response.headers["X-Request-ID"] == "do-proxy.1"


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/api/v1/sales?limit=0", {}, "INVALID"),
        ("GET", "/api/v1/sales?nada=1", {}, "UNKNOWN_PARAMETER"),
        ("GET", "/api/v1/sales?limit=1&limit=2", {}, "REPEATED"),
        ("GET", "/api/v1/sales?cursor=nada", {}, "INVALID_CURSOR"),
        ("GET", "/api/v1/sales?status=PAGO", {}, "INVALID_CHOICE"),
        ("GET", f"/api/v1/sales?search={'a' * 101}", {}, "TOO_LONG"),
        ("POST", "/api/v1/auth/token", {"email": "a@exemplo.com.br"}, "REQUIRED"),
        ("POST", "/api/v1/integrations/coinzz/connect", {"apiKey": "curta"}, "TOO_SHORT"),
        ("POST", "/api/v1/integrations/coinzz/connect", {"apiKey": None}, "NULL"),
        ("POST", "/api/v1/integrations/coinzz/connect", {"apiKey": ""}, "BLANK"),
        ("POST", "/api/v1/integrations/coinzz/sync", {"full": True}, "UNKNOWN_FIELD"),
    ],
)
def test_details_have_stable_codes(
    frontend: Frontend, method: str, path: str, body: dict[str, Any], code: str
) -> None:
    response: Any = frontend.generic(method, path, json.dumps(body), JSON)
    assert [detail["code"] for detail in response.json()["details"]] == [code]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("keys", '{"name": "planilha", "scope": "\\ud800"}', "scope"),
        ("exports", '{"subject": "SALES", "format": "\\ud800"}', "format"),
        (
            "exports",
            '{"subject": "SALES", "format": "CSV", "filters": {"\\ud800": "1"}}',
            "filters.?",
        ),
    ],
)
def test_half_of_a_character_is_named_in_an_error(
    frontend: Frontend, path: str, body: str, field: str
) -> None:
    response = frontend.post(f"/api/v1/{path}", body, content_type=JSON)
    assert response.status_code == 400
    assert [detail["field"] for detail in response.json()["details"]] == [field]
