"""A seller's sales from a file: previewed, imported, and imported again."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from flowzz.accounts.models import User
from flowzz.core.db import jobs
from integrations.imports import import_jobs
from integrations.imports.batches import apply_batch
from integrations.models import ImportState, Integration, IntegrationStatus, SalesImport
from sales.models import Origin, Sale, SaleStatusChange
from tests import payloads
from tests.api_client import Frontend, error, invalid
from tests.factories import UserFactory
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

HEADER = "Pedido;Data;Cliente;Telefone;Produto;Valor;Status"
GOOD = "ordaaaaa;02/10/2025 22:41;Íris Prado;62954544554;Creme;1.234,56;Aprovado"
OTHER = "ordbbbbb;03/10/2025;Caio Lima;62954544555;Creme;99,90;Pendente"
BAD = "ordccccc;amanhã;Ana;62954544556;Creme;10,00;Pago"


@pytest.fixture
def user() -> User:
    return UserFactory.create()


@pytest.fixture
def frontend(user: User) -> Frontend:
    return Frontend(user)


def send(frontend: Frontend, *lines: str, content: bytes | None = None, **fields: Any) -> Any:
    content = "\n".join((HEADER, *lines)).encode() if content is None else content
    file = SimpleUploadedFile("vendas.csv", content, "text/csv")
    return frontend.post("/api/v1/sales/import", {"file": file, **fields})


def figures(response: Any) -> tuple[int, ...]:
    data = response.json()["data"]
    names = ("salesCreated", "salesUpdated", "salesUnchanged", "errors")
    return tuple(data[name] for name in names)


def statuses() -> dict[str, str]:
    return dict(Sale.objects.values_list("external_id", "status"))


def test_preview_tells_what_would_be_and_writes_nothing(frontend: Frontend) -> None:
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
            "message": "Coluna “Data”: data inválida; o formato esperado é dd/mm/aaaa hh:mm.",
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


def test_import_needs_no_connection_and_repeated_changes_nothing(
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


@pytest.mark.parametrize(
    ("told", "imported", "kept"),
    [
        ("Pendente", "Aprovado", "PAID"),
        ("Aprovado", "Pendente", "PAID"),
        ("Cancelado", "Aprovado", "CANCELLED"),
        ("Aprovado", "Cancelado", "PAID"),
        ("Aprovado", "Reembolsado", "REFUNDED"),
    ],
)
def test_old_file_only_moves_states_on(told: str, imported: str, kept: str) -> None:
    seller = Seller()
    seller.process(payloads.order("ordaaaaa", order_status=told))
    send(Frontend(seller.integration.user), GOOD.replace("Aprovado", imported))
    assert statuses() == {"ordaaaaa": kept}


def test_webhook_after_an_import_is_the_newer_one(frontend: Frontend, user: User) -> None:
    send(frontend, GOOD)
    seller = Seller.__new__(Seller)
    seller.integration = Integration.objects.get()
    seller.process(
        payloads.order("ordaaaaa", order_status="Cancelado"),
        at=timezone.now() - timedelta(minutes=5),
    )
    assert statuses() == {"ordaaaaa": "CANCELLED"}


def test_file_with_a_date_counts_from_that_date_on() -> None:
    seller = Seller()
    seller.process(payloads.order("ordaaaaa"), at=timezone.now() - timedelta(hours=2))
    frontend = Frontend(seller.integration.user)
    cancelled = GOOD.replace("Aprovado", "Cancelado")
    assert figures(send(frontend, cancelled, exportedAt=ago(hours=3))) == (0, 0, 1, 0)
    assert statuses() == {"ordaaaaa": "PAID"}
    send(frontend, cancelled, exportedAt=ago(hours=1))
    assert statuses() == {"ordaaaaa": "CANCELLED"}


def test_file_without_a_column_leaves_what_it_would_tell() -> None:
    seller = Seller()
    told = payloads.order("ordaaaaa", order_quantity=3, deleted_at="2025-10-02 23:00:00")
    seller.process(told, at=timezone.now() - timedelta(hours=2))

    send(Frontend(seller.integration.user), GOOD, exportedAt=ago(hours=1))

    sale = seller.sale("ordaaaaa")
    assert (sale.status, sale.quantity, sale.unit_price) == ("PAID", 3, Decimal("411.52"))
    assert sale.deleted_at is not None


def ago(**parts: int) -> str:
    return (timezone.now() - timedelta(**parts)).isoformat()


def test_user_sees_no_file_of_anothers(frontend: Frontend, user: User) -> None:
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


def test_long_file_goes_on_in_the_background_where_it_was_left(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs, "MAX_SYNCHRONOUS_LINES", 1)
    monkeypatch.setattr(import_jobs, "BATCH_LINES", 1)
    queued = send(frontend, GOOD, OTHER, BAD)
    assert (queued.status_code, queued.json()["data"]["status"]) == (202, "na fila")
    second = send(frontend, OTHER)
    assert (second.status_code, second.json()) == (
        409,
        error("IMPORT_IN_PROGRESS", "Já há uma importação em andamento. Aguarde o fim dela."),
    )
    (import_id,) = jobs.claimable_ids(SalesImport)
    with patch.object(import_jobs, "apply_batch", dies_after(1)), pytest.raises(SystemExit):
        import_jobs.execute(import_id)
    assert (statuses(), jobs.claimable_ids(SalesImport)) == ({"ordaaaaa": "PAID"}, [])
    SalesImport.objects.update(heartbeat_at=timezone.now() - jobs.LEASE_DURATION * 2)
    import_jobs.execute(import_id)
    done = frontend.fetch(f"sales/import/{import_id}")
    assert (done.json()["data"]["status"], figures(done)) == ("concluída", (2, 0, 0, 1))


def dies_after(batches: int) -> Any:
    applied: list[Any] = []

    def apply(row: SalesImport, batch: Any) -> None:
        if len(applied) == batches:
            raise SystemExit
        applied.append(batch)
        apply_batch(row, batch)

    return apply


def test_fault_of_ours_ends_the_import_and_forgets_the_file(frontend: Frontend) -> None:
    with patch.object(import_jobs, "apply_batch", side_effect=RuntimeError):
        assert send(frontend, GOOD).status_code == 500
    row = SalesImport.objects.get()
    assert (row.state, row.content) == (ImportState.FAILED, None)


def test_previews_are_forgotten_after_a_day(frontend: Frontend) -> None:
    send(frontend, GOOD, preview="true")
    assert import_jobs.delete_expired_previews() == 0
    SalesImport.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert import_jobs.delete_expired_previews() == 1


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
def test_garbage_is_told_never_a_fault(frontend: Frontend, content: bytes) -> None:
    assert send(frontend, content=content).status_code in {200, 400}


def test_what_cannot_be_taken_is_refused_with_the_next_step(
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
        "UNSUPPORTED_MEDIA_TYPE",
        "Envie o arquivo em multipart/form-data, no campo `file`.",
    )
    monkeypatch.setattr(import_jobs, "MAX_LINES", 1)
    assert send(frontend, GOOD, OTHER).json() == invalid(
        "file", "O arquivo tem 2 linhas, e o máximo é 1. Divida-o e envie as partes."
    )
    monkeypatch.setattr(import_jobs, "MAX_BYTES", 10)
    assert send(frontend, GOOD).json()["error"] == "PAYLOAD_TOO_LARGE"
    assert not SalesImport.objects.exists()
