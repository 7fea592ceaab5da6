"""Exports of the user's own rows by the API."""

import gzip
import json
from typing import Any

import pytest

from flowzz.accounts.api_keys import keys
from flowzz.accounts.models import ApiKey, User
from sales.exports import export_files, export_jobs
from sales.models import Export
from tests.api_client import Frontend, error, invalid, status_and_body
from tests.factories import NOON, ClientFactory, SaleFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    user: User = UserFactory.create()
    for number, status in enumerate(["PAID", "PENDING", "PAID", "PAID"]):
        sale = {"external_id": f"ord{number}", "status": status, "product_name": "Açaí"}
        SaleFactory.create(user=user, deleted_at=NOON if number == 3 else None, **sale)
    SaleFactory.create(external_id="alheia", status="PAID")
    return user


def request(frontend: Frontend, subject: str, format_: str, **filters: str) -> Any:
    body = {"subject": subject, "format": format_, "filters": filters}
    response = frontend.send("exports", body)
    assert response.status_code == 200, response.content
    return response.json()["data"]


def fetch_file(frontend: Frontend, id_: str, **headers: str) -> Any:
    return frontend.get(f"/api/v1/exports/{id_}/file", headers=headers)


def content(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_lines_of_json_are_the_rows_of_the_list(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_files, "BATCH_ROWS", 1)
    frontend = Frontend(user)
    export = request(frontend, "SALES", "NDJSON", status="PAID", product="acai")
    assert (export["state"], export["rowsTotal"]) == ("QUEUED", 0)

    export_jobs.execute(Export.objects.get().id)

    done = frontend.fetch(f"exports/{export['id']}").json()["data"]
    assert (done["state"], done["rowsTotal"], done["rowsWritten"]) == ("SUCCEEDED", 2, 2)
    response = fetch_file(frontend, export["id"], Accept="application/x-ndjson")
    lines = [json.loads(line) for line in content(response).splitlines()]
    assert lines == frontend.fetch("sales", status="PAID").json()["data"]
    assert response.headers["Content-Type"] == "application/x-ndjson"
    assert ".ndjson" in response.headers["Content-Disposition"]


def test_file_is_sent_packed_if_accepted(user: User) -> None:
    frontend = Frontend(user)
    export = request(frontend, "SALES", "CSV")
    export_jobs.execute(Export.objects.get().id)
    packed = fetch_file(frontend, export["id"], **{"Accept-Encoding": "gzip"})
    plain = fetch_file(frontend, export["id"])
    assert packed.headers["Content-Encoding"] == "gzip"
    text = content(plain)
    assert gzip.decompress(content(packed)) == text
    numbers = [line.split(";")[0] for line in text.decode("utf-8-sig").splitlines()]
    assert (numbers[0], {*numbers[1:]}) == ("Pedido", {"ord0", "ord1", "ord2"})


def test_clients_are_not_masked_for_their_seller(user: User) -> None:
    client = ClientFactory.create(user=user, name="Marina Prado")
    export = request(Frontend(user), "CLIENTS", "NDJSON", search="marina")
    export_jobs.execute(Export.objects.get().id)
    (line,) = content(fetch_file(Frontend(user), export["id"])).splitlines()
    assert json.loads(line)["id"] == str(client.id)
    assert json.loads(line)["phone"] == client.phone


def test_lines_of_clients_have_their_totals_as_the_list(user: User) -> None:
    export = request(Frontend(user), "CLIENTS", "NDJSON")
    export_jobs.execute(Export.objects.get().id)
    lines = content(fetch_file(Frontend(user), export["id"])).splitlines()
    assert [json.loads(line) for line in lines] == Frontend(user).fetch("clients").json()["data"]


def test_exports_are_their_requesters(user: User) -> None:
    export = request(Frontend(user), "SALES", "CSV")
    other = Frontend(UserFactory.create())
    path = f"exports/{export['id']}"
    assert [other.fetch(path).status_code, other.fetch(f"{path}/file").status_code] == [404, 404]
    assert other.fetch("exports").json()["data"] == []
    assert Frontend(user).fetch("exports").json()["data"] == [export]


def test_file_is_not_sent_before_it_is_ready(user: User) -> None:
    export = request(Frontend(user), "SALES", "CSV")
    assert status_and_body(fetch_file(Frontend(user), export["id"])) == (
        409,
        error(
            "EXPORT_NOT_READY",
            "O arquivo ainda não está pronto. Acompanhe a exportação até `state` ser SUCCEEDED.",
        ),
    )


@pytest.mark.parametrize(
    ("filters", "field", "reason"),
    [
        ({"stauts": "PAID"}, "filters.stauts", "Filtro desconhecido."),
        (
            {"status": "PAGO"},
            "filters.status",
            "Faça uma escolha válida. PAGO não é uma das escolhas disponíveis.",
        ),
        (
            {"dateFrom": "2026-03-03", "dateTo": "2026-03-02"},
            "filters.dateFrom",
            "Deve ser antes de dateTo.",
        ),
    ],
)
def test_filters_are_checked_at_once(user: User, filters: Any, field: str, reason: str) -> None:
    body = {"subject": "SALES", "format": "CSV", "filters": filters}
    assert Frontend(user).send("exports", body).json() == invalid(field, reason)
    assert not Export.objects.exists()


def test_number_of_exports_under_way_is_limited(user: User) -> None:
    frontend = Frontend(user)
    for _ in range(export_jobs.MAX_UNDER_WAY):
        request(frontend, "SALES", "CSV")
    refused = frontend.send("exports", {"subject": "SALES", "format": "CSV"})
    assert (refused.status_code, refused.json()["error"]) == (409, "TOO_MANY_EXPORTS")


def test_key_that_may_only_read_makes_no_export(user: User) -> None:
    script = Frontend()
    secret = keys.issue(ApiKey(user=user, name="planilha"))
    script.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    refused = script.send("exports", {"subject": "SALES", "format": "CSV"})
    assert (refused.status_code, refused.json()["error"]) == (403, "KEY_MAY_ONLY_READ")
