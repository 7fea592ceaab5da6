"""Filtered lists as files: their cells, who may have them, and what becomes of them."""

import csv
import gzip
import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import Permission
from django.http import StreamingHttpResponse
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from flowzz.accounts.models import StaffAction, User
from flowzz.core.db import jobs
from sales import tasks
from sales.exports import export_files, export_jobs
from sales.models import ExportPart, Sale
from sales.models.exports import Export, ExportState
from tests.factories import NOON, SaleFactory, UserFactory

pytestmark = pytest.mark.django_db
SALES = reverse("admin:sales_sale_export")
CLIENTS = reverse("admin:clients_client_export")
STAFF = ("view_sale", "view_client", "view_export", "make_export")
Login = Callable[..., Browser]


@pytest.fixture
def login() -> Login:
    """Logs somebody of staff in, who has these permissions."""

    def as_(*codenames: str, email: str = "equipe@flowzz.test") -> Browser:
        user, _ = User.objects.get_or_create(email=email, defaults={"is_staff": True})
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        browser = Browser()
        browser.force_login(user)
        return browser

    return as_


@pytest.fixture
def staff(login: Login) -> Browser:
    return login(*STAFF, "view_personal_data")


@pytest.fixture
def sale() -> Sale:
    return SaleFactory.create(
        external_id="=HYPERLINK(1)",
        sale_date=NOON,
        commission=Decimal("-12.30"),
        client__name="Rui Prado",
        client__cpf="01152449303",
        client__phone="+5562954544554",
        client__email="rui@exemplo.com.br",
        metadata={"utms": {"campaign": "maio"}},
    )


@pytest.fixture
def in_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_files, "MAX_SYNCHRONOUS_ROWS", 0)


def lines(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def ask(browser: Browser, address: str = SALES, format_: str = "csv", **query: str) -> Any:
    return browser.post(address, {"format": format_}, query_params=query)


def downloaded(browser: Browser, export: Export) -> bytes:
    response = browser.get(reverse("admin:sales_export_download", args=[export.id]))
    assert isinstance(response, StreamingHttpResponse)
    return b"".join(response)


@pytest.mark.usefixtures("sale")
def test_csv_reads_as_a_brazilian_excel_expects(staff: Browser) -> None:
    SaleFactory.create(product_name="Outro")
    (line,) = lines(ask(staff, campanha="maio").content)
    cells = ("Pedido", "Data da venda", "Valor total (R$)", "Comissão (R$)", "CPF/CNPJ", "Telefone")
    assert [line[cell] for cell in cells] == [
        "'=HYPERLINK(1)",
        "02/03/2026 12:00:00",
        "150,99",
        "-12,30",
        "011.524.493-03",
        "55 62 95454-4554",
    ]
    assert line["utm_campaign"] == "maio"


@pytest.mark.usefixtures("sale")
def test_excel_has_numbers_and_times_and_no_formula(staff: Browser) -> None:
    book = zipfile.ZipFile(io.BytesIO(ask(staff, format_="xlsx").content))
    sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - our own
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    cells = {cell.get("r"): cell for cell in sheet.iter(f"{space}c")}
    assert "".join(cells["A2"].itertext()) == "'=HYPERLINK(1)"
    assert cells["D2"].findtext(f"{space}v") == "46083.5"
    assert cells["K2"].findtext(f"{space}v") == "150.99"
    assert (cells["D2"].get("t"), cells["K2"].get("t")) == (None, None)
    assert list(sheet.iter(f"{space}f")) == []


@pytest.mark.usefixtures("sale")
@pytest.mark.parametrize("address", [SALES, CLIENTS])
def test_personal_data_are_masked_without_the_permission(login: Login, address: str) -> None:
    (line,) = lines(ask(login(*STAFF), address).content)
    personal = [line[name] for name in ("Cliente", "CPF/CNPJ", "Telefone", "E-mail")]
    masked = ["Ru*** P***", "***.524.493-**", "55 62 ***-4554", "r***@exemplo.com.br"]
    assert personal == masked


@pytest.mark.parametrize("held", [("view_sale",), ("make_export",)])
def test_who_may_not_export_gets_nothing(login: Login, held: tuple[str, ...]) -> None:
    assert ask(login(*held)).status_code == 403


def test_trail_tells_filters_without_their_values(staff: Browser) -> None:
    ask(staff, q="01152449303")
    line = StaffAction.objects.get()
    assert line.action == "Exportou vendas"
    assert line.details == {"formato": "CSV", "filtros": ["q"], "linhas": 0}


@pytest.mark.usefixtures("in_background")
def test_long_list_is_made_by_a_worker_batch_by_batch(
    staff: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_files, "BATCH_ROWS", 2)
    monkeypatch.setattr(export_files, "PART_BYTES", 100)
    shop = UserFactory.create(email="loja@flowzz.test")
    SaleFactory.create_batch(5, sale_date=NOON, user=shop)
    SaleFactory.create()

    page = ask(staff, usuario="loja@flowzz.test", p="1")
    export = Export.objects.get()
    assert page.url == reverse("admin:sales_export_change", args=[export.id])
    assert 'hx-trigger="every 2s"' in staff.get(page.url).content.decode()
    export_jobs.execute(export.id)

    export.refresh_from_db()
    assert (export.state, export.total, export.processed) == (ExportState.SUCCEEDED, 5, 5)
    assert export.parts.count() > 1
    found = lines(gzip.decompress(downloaded(staff, export)))
    newest_first = Sale.objects.filter(user=shop).order_by("-id")
    assert [line["Pedido"] for line in found] == [sale.external_id for sale in newest_first]
    actions = StaffAction.objects.order_by("at").values_list("action", flat=True)
    assert list(actions) == ["Pediu exportação de vendas", "Baixou exportação"]


@pytest.mark.usefixtures("in_background")
def test_only_who_asked_downloads_and_only_while_they_may(staff: Browser, login: Login) -> None:
    SaleFactory.create()
    ask(staff)
    export = Export.objects.get()
    export_jobs.execute(export.id)
    address = reverse("admin:sales_export_download", args=[export.id])

    other = login(*STAFF, "view_personal_data", email="outra@flowzz.test")
    assert other.get(address).status_code == 404
    assert login(*STAFF).get(address).status_code == 403


def make(state: ExportState = ExportState.QUEUED, **values: Any) -> Export:
    user, _ = User.objects.get_or_create(email="equipe@flowzz.test", defaults={"is_staff": True})
    export = Export.objects.create(
        requested_by=user, subject="sales", format="csv", state=state, **values
    )
    ExportPart.objects.create(export=export, number=0, content=b"x")
    return export


def test_dead_workers_export_is_started_anew() -> None:
    now = timezone.now()
    dead = make(ExportState.RUNNING, heartbeat_at=now - 2 * jobs.LEASE_DURATION)
    assert jobs.claimable_ids(Export) == [dead.id]
    Export.objects.update(heartbeat_at=now)
    assert jobs.claimable_ids(Export) == []


def test_one_export_is_made_at_a_time(login: Login) -> None:
    login(*STAFF)
    make(ExportState.RUNNING, heartbeat_at=timezone.now())
    second = make()
    export_jobs.execute(second.id)
    second.refresh_from_db()
    assert (second.state, second.attempts) == (ExportState.QUEUED, 0)


def test_two_workers_make_one_file(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first comes back from the dead after the second has taken over."""
    login(*STAFF)
    export = make()
    ExportPart.objects.all().delete()
    SaleFactory.create()

    def taken_over(*_: object) -> None:
        Export.objects.update(lease=None, state=ExportState.QUEUED)
        monkeypatch.undo()
        export_jobs.execute(export.id)

    monkeypatch.setattr(export_jobs, "_store", _then(taken_over, export_jobs._store))
    export_jobs.execute(export.id)

    export.refresh_from_db()
    assert (export.state, export.attempts) == (ExportState.SUCCEEDED, 2)
    assert export.parts.count() == 1


def _then(before: Callable[..., None], after: Callable[..., None]) -> Callable[..., None]:
    def both(*args: Any) -> None:
        before(*args)
        after(*args)

    return both


def test_export_that_never_ends_well_is_given_up(login: Login) -> None:
    login(*STAFF)
    export = make(attempts=export_jobs.MAX_ATTEMPTS)
    export_jobs.execute(export.id)
    export.refresh_from_db()
    assert (export.state, export.is_ready) == (ExportState.FAILED, False)


def test_expired_files_are_deleted() -> None:
    make(ExportState.SUCCEEDED, expires_at=timezone.now() - timedelta(seconds=1))
    kept = make(ExportState.SUCCEEDED)
    tasks.tend_exports()
    assert list(ExportPart.objects.values_list("export", flat=True)) == [kept.id]


def test_forgetting_deletes_what_is_kept_and_restarts_what_is_made() -> None:
    make(ExportState.SUCCEEDED)
    running = make(ExportState.RUNNING, heartbeat_at=timezone.now())
    assert export_jobs.discard_files() == 1
    assert list(Export.objects.values_list("id", "state")) == [(running.id, ExportState.QUEUED)]
