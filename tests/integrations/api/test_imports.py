"""Imports through the API."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from flowzz.accounts.models import User
from integrations.api.imports import MIME_TYPES
from integrations.imports import import_jobs
from integrations.models import Integration, IntegrationStatus, SalesImport
from sales.models import Origin, Sale, SaleStatusChange
from tests.api_client import Frontend, error, invalid
from tests.factories import UserFactory
from tests.integrations.imports.files import BAD, GOOD, OTHER, encode, statuses

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return UserFactory.create()


@pytest.fixture
def frontend(user: User) -> Frontend:
    return Frontend(user)


def send(frontend: Frontend, *lines: str, content: bytes | None = None, **fields: Any) -> Any:
    content = encode(*lines) if content is None else content
    file = SimpleUploadedFile("vendas.csv", content, "text/csv")
    return frontend.post("/api/v1/sales/import", {"file": file, **fields})


def figures(response: Any) -> tuple[int, ...]:
    data = response.json()["data"]
    names = ("salesCreated", "salesUpdated", "salesUnchanged", "errors")
    return tuple(data[name] for name in names)


def test_refused_uploads_are_not_counted(settings: Any, frontend: Frontend) -> None:
    settings.RATE_LIMIT_IMPORT = "1/hour"
    assert frontend.post("/api/v1/sales/import", {"file": ""}).status_code == 400
    assert send(frontend, content=b"\x00").status_code == 400
    assert [send(frontend, GOOD).status_code for _ in range(2)] == [200, 429]


def test_preview_counts_and_stores_no_sales(frontend: Frontend) -> None:
    response = send(frontend, GOOD, OTHER, BAD, GOOD, preview="true")
    data = response.json()["data"]
    assert (response.status_code, data["status"], figures(response)) == (
        200,
        "aguardando confirmação",
        (2, 0, 0, 2),
    )
    assert data["errorDetails"] == [
        {
            "line": 4,
            "externalId": "ordccccc",
            "message": "Coluna “Valor”: valor inválido; o formato esperado é 1.234,56.",
        },
        {"line": 5, "externalId": "ordaaaaa", "message": "O pedido já está na linha 2."},
    ]
    assert data["columns"][0] == {"header": "Pedido", "field": "order.order_number"}
    assert not Sale.objects.exists()

    confirmed = frontend.send(f"sales/import/{data['id']}/confirm")
    assert (confirmed.status_code, figures(confirmed)) == (200, (2, 0, 0, 2))
    assert statuses() == {"ordaaaaa": "PAID", "ordbbbbb": "PENDING"}
    assert SalesImport.objects.get().content is None
    again = frontend.send(f"sales/import/{data['id']}/confirm")
    assert again.json() == invalid("file", "Esta prévia não vale mais. Envie o arquivo de novo.")


def test_message_counts_a_single_sale_in_the_singular(frontend: Frontend) -> None:
    content = b"Pedido;Valor\nordaaaaa;150,99\n"
    answer = send(frontend, content=content).json()
    assert answer["message"] == "Importação concluída: 1 venda criada, 0 atualizadas, 0 com erro"


STRANGER = """Relatório de vendas;;;;;;;;;
Período: outubro;;;;;;;;;

Nº Pedido;Data;Hora;Cliente;CPF;DDD;Celular;Qtde.;Preço (R$);Total (R$);Situação
v-001;02/10/2025;22:41;Íris Prado;'617.326.568-00;62;95454-4554;3,00;50,00;150,00;Aprovado
v-002;03/10/2025;;Caio Lima;7,34101E+10;11;98765-0401;1;99,90;99,90;Aguardando milagre
v-003;32/10/2025;;Ana Reis;;;98765-0402;1;R$ 1.234,56;1.234,56;
v-004;04/10/2025;;Bia Reis;;;;2;10,00;1.234;Aprovado
;;;;;;;;;;
Total;;;;;;;7;;2.719,02;
"""


def test_file_of_a_stranger_from_upload_to_right_figures(frontend: Frontend) -> None:
    data = send(frontend, content=STRANGER.encode("cp1252"), preview="true").json()["data"]
    assert (data["salesCreated"], data["errors"], data["totalAmount"]) == (3, 2, "1484.46")
    assert data["errorDetails"] == [
        {
            "line": 8,
            "externalId": "v-004",
            "message": "Coluna “Total (R$)”: valor ambíguo; escreva os centavos, como em 1.234,00.",
        },
        {
            "line": 10,
            "externalId": "",
            "message": "Linha sem pedido (um total): não foi importada.",
        },
    ]
    assert data["warningDetails"] == [
        {
            "line": 7,
            "externalId": "v-003",
            "message": "Coluna “Data”: data inválida; o formato esperado é dd/mm/aaaa hh:mm.",
        }
    ]
    assert data["unknownWords"] == [{"field": "ORDER", "word": "aguardando milagre", "lines": 1}]
    first = data["sample"][0]
    assert (first["externalId"], first["saleDate"]) == ("v-001", "2025-10-02T22:41:00-03:00")
    assert first["client"]["cpf"] == "61732656800"
    assert not Sale.objects.exists()

    frontend.send(f"sales/import/{data['id']}/confirm")
    assert list(
        Sale.objects.order_by("external_id").values_list(
            "external_id", "status", "quantity", "unit_price", "total_price", "client__phone"
        )
    ) == [
        ("v-001", "PAID", 3, Decimal("50.00"), Decimal("150.00"), "+5562954544554"),
        ("v-002", "PENDING", 1, Decimal("99.90"), Decimal("99.90"), "+5511987650401"),
        ("v-003", "PENDING", 1, Decimal("1234.56"), Decimal("1234.56"), ""),
    ]
    metrics = frontend.fetch("dashboard/metrics", dateFrom="2025-10-01", dateTo="2025-10-31")
    assert metrics.json()["data"]["revenue"] == "150.00"


def test_guide_has_the_columns_and_the_limits(frontend: Frontend) -> None:
    data = frontend.fetch("sales/import/guide").json()["data"]
    assert (data["formats"], data["maxBytes"], data["maxLines"]) == (
        ["CSV", "XLSX"],
        20 * 1024 * 1024,
        50_000,
    )
    assert data["columns"][0] == {
        "field": "order.order_number",
        "headers": [
            "Número do pedido",
            "Pedido",
            "Código do pedido",
            "Código da venda",
            "Número da venda",
            "ID do pedido",
            "ID da venda",
            "ID",
        ],
        "example": "EXEMPLO-1",
        "note": "Obrigatório, ou o hash do pedido.",
        "isRequired": True,
    }


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_template_is_downloaded_and_refused_line_by_line(
    frontend: Frontend, extension: str
) -> None:
    url = f"/api/v1/sales/import/template?type={extension.upper()}"
    response = frontend.get(url, HTTP_ACCEPT=MIME_TYPES[extension])
    assert response.headers["Content-Disposition"] == (
        f'attachment; filename="modelo-de-vendas.{extension}"'
    )
    assert figures(send(frontend, content=response.content)) == (0, 0, 0, 2)


def test_template_has_two_formats_only(frontend: Frontend) -> None:
    assert frontend.fetch("sales/import/template", type="pdf").json() == invalid(
        "type", "Use CSV ou XLSX."
    )
    assert frontend.fetch("sales/import/template", format_="csv").status_code == 400


def test_repeated_import_without_a_connection_changes_nothing(
    frontend: Frontend, user: User
) -> None:
    assert figures(send(frontend, GOOD, OTHER)) == (2, 0, 0, 0)
    before = list(Sale.objects.order_by("id").values())
    assert figures(send(frontend, GOOD, OTHER)) == (0, 0, 2, 0)
    assert list(Sale.objects.order_by("id").values()) == before
    integration = Integration.objects.get()
    assert (integration.user, integration.status) == (user, IntegrationStatus.PENDING)
    assert SaleStatusChange.objects.get(sale__external_id="ordaaaaa").origin == Origin.IMPORT
    # Nobody knows when it was paid.
    assert Sale.objects.get(external_id="ordaaaaa").paid_at is None


def test_integration_without_a_key_takes_files(frontend: Frontend) -> None:
    frontend.send("integrations/coinzz/connect", {"mode": "webhook"})
    assert figures(send(frontend, GOOD, OTHER)) == (2, 0, 0, 0)
    assert Integration.objects.get().status == IntegrationStatus.CONNECTED


def test_imports_of_another_user_are_not_found(frontend: Frontend, user: User) -> None:
    import_id = send(frontend, GOOD, preview="true").json()["data"]["id"]
    stranger = Frontend(UserFactory.create())
    for response in (
        stranger.fetch(f"sales/import/{import_id}"),
        stranger.send(f"sales/import/{import_id}/confirm"),
        stranger.fetch("sales/import/nada"),
    ):
        assert response.status_code == 404
    assert frontend.fetch(f"sales/import/{import_id}").json()["data"]["fileName"] == "vendas.csv"
    send(stranger, GOOD)
    assert not Sale.objects.filter(user=user).exists()


def test_long_file_is_imported_in_the_background(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs, "MAX_SYNCHRONOUS_LINES", 1)
    queued = send(frontend, GOOD, OTHER, BAD)
    data = queued.json()["data"]
    assert (queued.status_code, data["status"]) == (202, "na fila")
    second = send(frontend, OTHER)
    assert (second.status_code, second.json()) == (
        409,
        error("IMPORT_IN_PROGRESS", "Já há uma importação em andamento. Aguarde o fim dela."),
    )
    import_jobs.execute(data["id"])
    done = frontend.fetch(f"sales/import/{data['id']}")
    assert (done.json()["data"]["status"], figures(done)) == ("concluída", (2, 0, 0, 1))


def test_unexpected_error_is_a_500(frontend: Frontend) -> None:
    with patch.object(import_jobs, "apply_batch", side_effect=RuntimeError):
        assert send(frontend, GOOD).status_code == 500


@pytest.mark.parametrize(
    "content",
    [
        b"\x00" * 3000,
        "Pedido;Valor\n\x00\ud800;\x00;=cmd()\n".encode("utf-8", "surrogatepass"),
        b'Pedido;Valor\n"' + b"a" * 200_000,
        b"Pedido;Valor\n" + b"9" * 5000 + b";" + b"9" * 5000,
        b"Pedido;Valor\n\xff\xfe\xff;NaN\n",
        b"Pedido;Valor;Status\n" + b"o;1,00;" + b"s" * 130_000,
    ],
)
def test_unreadable_file_is_never_a_500(frontend: Frontend, content: bytes) -> None:
    assert send(frontend, content=content).status_code in {200, 400}


def test_invalid_upload_is_refused_with_the_next_step(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert frontend.post("/api/v1/sales/import", {}).json() == invalid(
        "file", "Envie o arquivo no campo `file`"
    )
    assert send(frontend, content=b"").json() == invalid("file", "O arquivo está vazio")
    assert send(frontend).json() == invalid(
        "file", "O arquivo não tem nenhuma linha abaixo do cabeçalho."
    )
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    assert send(frontend, GOOD, exportedAt=later).json() == invalid(
        "exportedAt", "A data de exportação está no futuro"
    )
    assert frontend.send("sales/import", {"a": 1}).json() == error(
        "UNSUPPORTED_MEDIA_TYPE", "Envie o arquivo em multipart/form-data, no campo `file`."
    )
    monkeypatch.setattr(import_jobs, "MAX_LINES", 1)
    assert send(frontend, GOOD, OTHER).json() == invalid(
        "file", "O arquivo tem 2 linhas, e o máximo é 1. Divida-o e envie as partes."
    )
    monkeypatch.setattr(import_jobs, "MAX_BYTES", 10)
    assert send(frontend, GOOD).json()["error"] == "PAYLOAD_TOO_LARGE"
    assert not SalesImport.objects.exists()
