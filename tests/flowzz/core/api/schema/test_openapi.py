"""The API description (OpenAPI)."""

import re
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from flowzz.core.api.schema.views import DOCUMENT
from tests.api_client import Frontend


@pytest.fixture(scope="module")
def description() -> str:
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def paths(description: str) -> Any:
    return yaml.safe_load(description)["paths"]


def test_committed_description_is_current(description: str) -> None:
    assert DOCUMENT.read_text(encoding="utf-8").strip() == description.strip()


def test_every_operation_has_a_summary_a_tag_and_errors(paths: Any) -> None:
    operations = [operation for path in paths.values() for operation in path.values()]
    assert len(operations) == 48
    for operation in operations:
        assert operation["summary"]
        assert len(operation["tags"]) == 1
        assert {"200", "401", "429", "500"} <= set(operation["responses"])
    assert not any(path.endswith("/") for path in paths)


def test_no_schema_has_an_enum_of_its_own_name(description: str) -> None:
    """Generated clients would give the class and its property the same variable."""
    schemas = yaml.safe_load(description)["components"]["schemas"]
    own = {
        name: schema.get("properties", {}).get(_decapitalize(name), {"type": "none"})
        for name, schema in schemas.items()
    }
    assert [name for name, schema in own.items() if "type" not in schema or "enum" in schema] == []


def _decapitalize(name: str) -> str:
    return name[0].lower() + name[1:]


def test_filters_by_several_values_list_them(paths: Any) -> None:
    several = [
        entry["schema"]["items"]
        for path in paths.values()
        for operation in path.values()
        for entry in operation.get("parameters", ())
        if entry["schema"].get("type") == "array"
    ]
    assert several
    assert all(items.get("enum") for items in several)


def test_every_json_response_has_an_example(paths: Any) -> None:
    without_example = [
        f"{method} {path} {status}"
        for path, operations in paths.items()
        for method, operation in operations.items()
        for status, response in operation["responses"].items()
        for kind, body in response.get("content", {}).items()
        if kind == "application/json" and not {"example", "examples"} & set(body)
    ]
    assert without_example == []


@pytest.mark.parametrize("slash", ["", "/"])
def test_description_is_public(slash: str) -> None:
    assert Frontend().get(f"/api/schema{slash}").status_code == 200
    docs = Frontend().get(f"/api/docs{slash}")
    assert docs.status_code == 200
    assert "swagger-ui" in docs.content.decode()


def test_description_is_sent_as_built_to_many_at_once() -> None:
    def fetch(accept: str) -> Any:
        return Frontend().get("/api/schema", HTTP_ACCEPT=accept)

    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(fetch, ["application/yaml", "application/json"] * 4))
    assert [response.status_code for response in responses] == [200] * 8
    assert {response.content for response in responses[::2]} == {DOCUMENT.read_bytes()}
    assert responses[1].json() == yaml.safe_load(DOCUMENT.read_bytes())


def test_operations_with_an_etag_describe_304(paths: Any) -> None:
    reads = {path: operations["get"] for path, operations in paths.items() if "get" in operations}
    with_304 = {path for path, operation in reads.items() if "304" in operation["responses"]}
    lists = ("affiliation-requests", "clients", "integrations", "sales", "subscriptions")
    totals = ("clients/totals", "sales/totals", "subscriptions/totals")
    figures = ("dashboard/metrics", "sales/values", *totals)
    assert with_304 == {f"/api/v1/{name}" for name in (*lists, *figures)}


def test_all_codes_of_errors_are_values_and_listed_on_one_page(description: str) -> None:
    document = yaml.safe_load(description)
    values = document["components"]["schemas"]["ErrorAnswer"]["properties"]["error"]["enum"]
    listed = re.findall(
        r"^\| `([A-Z_]+)` \| \d{3} \|", document["info"]["description"], re.MULTILINE
    )
    assert listed == values
    assert {"COINZZ_NOT_CONNECTED", "IMPORT_IN_PROGRESS", "RATE_LIMITED"} <= {*values}
