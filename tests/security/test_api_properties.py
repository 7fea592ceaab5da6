"""Whatever is sent to the API: no fault of ours, and answers as its description tells."""

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck
from pytest_django.fixtures import Settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from flowzz.accounts import sessions
from flowzz.wsgi import application
from integrations.models import Integration
from tests.integrations.admin.rows import make_rows
from tests.sandbox.client import SandboxClient

pytestmark = pytest.mark.django_db
CHECKS = [not_a_server_error, content_type_conformance]
EXAMPLES = 8

schema = schemathesis.openapi.from_wsgi("/api/schema", application)


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Keep the test's transaction open over many requests, as Django's own test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def bearer(settings: Settings, coinzz: SandboxClient) -> dict[str, str]:
    """The token of a user who has a row of everything, and no limits."""
    settings.RATE_LIMIT_API = settings.RATE_LIMIT_SYNC = settings.RATE_LIMIT_LOGIN = "100000/hour"
    settings.SYNC_WAIT_SECONDS = 0
    make_rows(1)
    token = sessions.log_in(Integration.objects.get().user).access_token
    # The test's transport does not unpack what is compressed.
    return {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}


@schema.parametrize()
@hypothesis.settings(
    max_examples=EXAMPLES,
    suppress_health_check=list(HealthCheck),  # the rows may well be the same in all examples
)
def test_any_call_is_answered_as_described(case: Any, bearer: dict[str, str]) -> None:
    is_whole = "fields" not in (case.query or {})  # the schema describes whole rows
    schema_checks = [response_schema_conformance] if is_whole else []
    case.call_and_validate(headers=bearer, checks=CHECKS + schema_checks)
