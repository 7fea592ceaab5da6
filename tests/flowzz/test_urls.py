"""The URLs of the API: trailing slashes and other origins."""

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from tests.api_client import Frontend, status_and_body
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_trailing_slash_changes_nothing() -> None:
    frontend = Frontend(UserFactory.create())
    with_slash, without = frontend.get("/api/v1/sales/"), frontend.get("/api/v1/sales")
    assert status_and_body(with_slash) == status_and_body(without)
    assert Frontend().get("/api/v1/integrations/coinzz/status/").status_code == 401
    assert Frontend().post("/api/v1/auth/token/").status_code == 400


def test_other_origins_are_allowed_by_a_setting(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.exemplo.com.br"]

    def preflight(path: str, origin: str) -> Any:
        return Frontend().options(
            path, HTTP_ORIGIN=origin, HTTP_ACCESS_CONTROL_REQUEST_METHOD="GET"
        )

    allowed = preflight("/api/v1/sales", "https://app.exemplo.com.br")
    other_origin = preflight("/api/v1/sales", "https://outro.exemplo")
    outside_of_api = preflight("/admin/", "https://app.exemplo.com.br")

    assert allowed.headers["Access-Control-Allow-Origin"] == "https://app.exemplo.com.br"
    accepted = set(allowed.headers["Access-Control-Allow-Headers"].split(", "))
    assert {"authorization", "if-none-match", "idempotency-key", "last-event-id"} <= accepted
    response = Frontend().get("/api/v1/sales", HTTP_ORIGIN="https://app.exemplo.com.br")
    exposed = set(response.headers["Access-Control-Expose-Headers"].split(", "))
    assert {
        "ETag",
        "Idempotent-Replayed",
        "RateLimit-Limit",
        "Retry-After",
        "X-Request-ID",
    } <= exposed
    assert "Access-Control-Allow-Origin" not in other_origin.headers
    assert "Access-Control-Allow-Origin" not in outside_of_api.headers
