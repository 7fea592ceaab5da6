"""Breaking changes of the API, and their lines in the changelog."""

from copy import deepcopy
from typing import Any

import pytest

from tests.repository.api_contract import breaking_changes, main, undocumented

SALES: dict[str, Any] = {
    "parameters": [{"in": "query", "name": "search", "schema": {"type": "string"}}],
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": {"a": {"type": "integer"}}}
            }
        }
    },
    "responses": {
        "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Sale"}}}}
    },
}
OLD: dict[str, Any] = {
    "paths": {"/sales": {"post": SALES}},
    "components": {
        "schemas": {
            "Sale": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string"},
                    "status": {"allOf": [{"$ref": "#/components/schemas/Status"}]},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Sale"}},
                },
            },
            "Status": {"type": "string", "enum": ["PAID", "PENDING"]},
        }
    },
}


def changes_by(edit: str) -> list[str]:
    new = deepcopy(OLD)
    call = new["paths"]["/sales"]["post"]
    body = call["requestBody"]["content"]["application/json"]["schema"]
    schemas = new["components"]["schemas"]
    names = {"new": new, "call": call, "body": body, "schemas": schemas}
    exec(edit, names)  # noqa: S102 - code of the tests below
    return sorted(set(breaking_changes(OLD, new)))


@pytest.mark.parametrize(
    ("edit", "change"),
    [
        ("new['paths'] = {}", "POST /sales: removed"),
        ("call['parameters'] = []", "POST /sales ?search: removed"),
        ("call['parameters'][0]['required'] = True", "POST /sales ?search: newly required"),
        (
            "call['parameters'][0]['schema'] = {'type': 'integer'}",
            "POST /sales ?search: type string became integer",
        ),
        ("body['required'] = ['a']", "POST /sales request.a: newly required"),
        ("body['properties'] = {}", "POST /sales request.a: removed"),
        ("call['responses'] = {'204': {}}", "POST /sales 200: removed"),
        ("schemas['Status']['enum'].remove('PAID')", "POST /sales 200.status: value PAID removed"),
        ("schemas['Sale']['required'] = []", "POST /sales 200.id: no longer required"),
        ("schemas['Sale']['properties'].pop('id')", "POST /sales 200.id: removed"),
        (
            "schemas['Sale']['properties']['id']['type'] = ['string', 'null']",
            "POST /sales 200.id: type string became null or string",
        ),
    ],
)
def test_breaking_change_is_found(edit: str, change: str) -> None:
    assert change in changes_by(edit)


@pytest.mark.parametrize(
    "edit",
    [
        "pass",
        "new['paths']['/more'] = {'get': call}",
        "call['parameters'].append({'in': 'query', 'name': 'b', 'schema': {'type': 'string'}})",
        "body['properties']['b'] = {'type': 'string'}",
        "body['properties']['a']['type'] = ['integer', 'string']",
        "schemas['Sale']['properties']['more'] = {'type': 'string'}",
        "schemas['Sale']['required'].append('status')",
        "call['responses']['409'] = {}",
    ],
)
def test_compatible_change_is_not_reported(edit: str) -> None:
    assert changes_by(edit) == []


def test_change_in_the_changelog_is_allowed() -> None:
    changes = ["POST /sales: removed", "POST /sales/{id} 200.id: removed"]
    added, breaking = "### Added\n- A /sales/{id} too.", "### Breaking\n- Drop /sales now."
    log = f"## 1.0.0 (unreleased)\n\n{added}\n\n{breaking}\n"
    assert undocumented(changes, log) == [changes[1]]
    assert undocumented(changes, log.replace(" (unreleased)", "")) == changes


def test_released_api_is_not_broken() -> None:
    assert main() == 0
