"""No call of the API ignores a query parameter or a body field: unknown or repeated ones."""

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.api_client import Frontend
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
SCHEMA = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]  # no types
CALLS: Any = [
    pytest.param(path, method, call, id=f"{method} {path}")
    for path, calls in SCHEMA["paths"].items()
    for method, call in calls.items()
    if path.startswith("/api/v1/")
]


def parameters_of(call: Any) -> list[str]:
    return sorted(entry["name"] for entry in call.get("parameters", ()) if entry["in"] == "query")


def url_of(path: str) -> str:
    return path.format_map({"id": uuid4(), "run_id": uuid4()})


def problems(response: Any) -> dict[str, str]:
    """Return the reasons of a validation error, by field."""
    assert (response.status_code, response.json()["error"]) == (400, "VALIDATION_ERROR")
    return {detail["field"]: detail["reason"] for detail in response.json()["details"]}


@pytest.mark.parametrize(("path", "method", "call"), CALLS)
@pytest.mark.parametrize("name", ["foo", "status[]", "Limit", "userId", "", "fields ", "\x00"])
def test_unknown_parameter_is_named_with_the_known_ones(
    path: str, method: str, call: Any, name: str
) -> None:
    user = Frontend(UserFactory.create())
    url = f"{url_of(path)}?{urlencode({name: 'PAID'})}"
    response: Any = user.generic(method.upper(), url)
    names = ", ".join(parameters_of(call))
    accepted = f"Aceitos: {names}." if names else "Nenhum é aceito aqui."
    assert problems(response) == {name: f"Parâmetro desconhecido. {accepted}"}


@pytest.mark.parametrize(("path", "method", "call"), CALLS)
def test_repeated_parameter_is_named_unless_it_takes_several_values(
    path: str, method: str, call: Any
) -> None:
    single = [
        entry["name"]
        for entry in call.get("parameters", ())
        if entry["in"] == "query" and entry["schema"].get("type") != "array"
    ]
    query = urlencode([(name, value) for name in [*parameters_of(call), "_"] for value in "12"])
    response: Any = Frontend(UserFactory.create()).generic(
        method.upper(), f"{url_of(path)}?{query}"
    )
    if single:
        assert problems(response) == dict.fromkeys(
            single, "Veio mais de uma vez. Envie um valor só."
        )
    else:
        assert "mais de uma vez" not in response.content.decode()


@pytest.mark.parametrize(("path", "method", "call"), CALLS)
def test_known_parameters_and_the_cache_buster_are_accepted(
    path: str, method: str, call: Any
) -> None:
    query = dict.fromkeys([*parameters_of(call), "_"], "")
    url = f"{url_of(path)}?{urlencode(query)}"
    response: Any = Frontend(UserFactory.create()).generic(method.upper(), url)
    assert "Parâmetro desconhecido" not in response.content.decode()


@pytest.mark.parametrize(("path", "method", "call"), CALLS)
def test_unknown_field_is_named_with_the_known_ones(path: str, method: str, call: Any) -> None:
    """GET and DELETE read no body, so that this would be no mistake."""
    user = Frontend(UserFactory.create())
    media = next(iter(call.get("requestBody", {"content": ["application/json"]})["content"]))
    body, multipart = {"forceFullsync": True}, media == "multipart/form-data"
    response = getattr(user, method)(
        url_of(path), body, format="multipart" if multipart else "json"
    )
    if method not in ("get", "delete"):
        (reason,) = problems(response).values()
        assert reason.startswith("Campo desconhecido. ")


@pytest.mark.parametrize(
    ("path", "body", "field", "reason"),
    [
        ("sync", b'{"forceFullsync": true}', "forceFullsync", "Aceitos: forceFullSync."),
        ("sync", b'{"force_full_sync": true}', "force_full_sync", "Aceitos: forceFullSync."),
        ("sync", rb'{"\ud800": 1}', "?", "Aceitos: forceFullSync."),
        ("disconnect", b'{"id": 1}', "id", "Nenhum é aceito aqui."),
        ("webhook/rotate", b'{"a\\u0000": {}}', "a\x00", "Nenhum é aceito aqui."),
    ],
)
def test_reason_names_the_accepted_fields(path: str, body: bytes, field: str, reason: str) -> None:
    user = Frontend(UserFactory.create())
    url = f"/api/v1/integrations/coinzz/{path}"
    response = user.post(url, body, content_type="application/json")
    assert problems(response) == {field: f"Campo desconhecido. {reason}"}


def test_at_most_twenty_unknown_fields_are_named() -> None:
    body = {str(number): 1 for number in range(1_000)}
    response = Frontend(UserFactory.create()).send("integrations/coinzz/sync", body)
    assert list(problems(response)) == [str(number) for number in range(20)]
