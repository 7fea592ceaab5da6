"""What the API says of itself."""

from io import StringIO
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from flowzz.core.env import BASE_DIR
from tests.api_client import Frontend

COMMITTED = BASE_DIR / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def described() -> str:
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def paths(described: str) -> Any:
    return yaml.safe_load(described)["paths"]


def test_committed_description_is_current(described: str) -> None:
    assert COMMITTED.read_text(encoding="utf-8").strip() == described.strip()


def test_every_call_has_a_summary_a_tag_and_its_errors(paths: Any) -> None:
    calls = [call for path in paths.values() for call in path.values()]
    assert len(calls) == 21
    for call in calls:
        assert call["summary"]
        assert len(call["tags"]) == 1
        assert {"200", "401", "429", "500"} <= set(call["responses"])
    assert not any(path.endswith("/") for path in paths)


def test_every_answer_has_an_example(paths: Any) -> None:
    bare = [
        f"{method} {path} {status}"
        for path, calls in paths.items()
        for method, call in calls.items()
        for status, response in call["responses"].items()
        for kind, body in response.get("content", {}).items()
        if kind == "application/json" and not {"example", "examples"} & set(body)
    ]
    assert bare == []


@pytest.mark.parametrize("slash", ["", "/"])
def test_description_is_served_to_anybody(slash: str) -> None:
    assert Frontend().get(f"/api/schema{slash}").status_code == 200
    docs = Frontend().get(f"/api/docs{slash}")
    assert docs.status_code == 200
    assert "swagger-ui" in docs.content.decode()


def test_304_is_told_where_an_etag_may_be_sent(paths: Any) -> None:
    reads = {path: calls["get"] for path, calls in paths.items() if "get" in calls}
    told = {path for path, call in reads.items() if "304" in call["responses"]}
    lists = ("affiliation-requests", "clients", "integrations", "sales", "subscriptions")
    assert told == {f"/api/v1/{name}" for name in (*lists, "dashboard/metrics")}
