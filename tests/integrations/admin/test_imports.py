"""Import of a user's file by staff: upload, preview, confirmation."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse, reverse_lazy

from flowzz.accounts.models import StaffAction
from integrations.models import ImportState, SalesImport
from sales.models import Sale
from tests.factories import UserFactory
from tests.staff import Staff

UPLOAD = reverse_lazy("admin:integrations_salesimport_upload")


def csv(*lines: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("vendas.csv", "\n".join(("Pedido;Valor", *lines)).encode())


def imported_created(staff: Staff) -> str:
    """Return what the list says of the created sales of the only import."""
    page = staff.get(reverse("admin:integrations_salesimport_changelist"))
    [job] = page.context["cl"].result_list
    return str(page.context["cl"].model_admin.imported_created(job))


def test_preview_and_import_of_a_file_are_logged(staff: Staff) -> None:
    user = UserFactory.create()
    response = staff.post(UPLOAD, {"email": user.email, "file": csv("a;1,00", "b;caro")})
    row = SalesImport.objects.get()
    page = reverse("admin:integrations_salesimport_change", args=[row.id])
    assert response.headers["Location"] == page
    preview = staff.get(page).content.decode()
    assert "Coluna “Valor”: valor inválido" in preview
    assert '<td data-label="Produto">—</td>' in preview
    assert "Importar 1 linha<" in preview
    assert not Sale.objects.exists()
    assert imported_created(staff) == "—"

    staff.post(page)
    assert imported_created(staff) == "1"
    row.refresh_from_db()
    assert (row.state, row.created, row.errors) == (ImportState.SUCCEEDED, 1, 1)
    assert Sale.objects.get().user == user
    actions = StaffAction.objects.filter(target_id=str(row.id)).order_by("id")
    assert list(actions.values_list("action", flat=True)) == [
        "Enviou arquivo de vendas",
        "Importou vendas de um arquivo",
    ]


def test_page_refreshes_while_the_import_is_under_way(staff: Staff) -> None:
    staff.post(UPLOAD, {"email": UserFactory.create().email, "file": csv("a;1,00")})
    row = SalesImport.objects.get()
    page = reverse("admin:integrations_salesimport_change", args=[row.id])
    assert "Refresh" not in staff.get(page).headers
    SalesImport.objects.update(state=ImportState.RUNNING)
    assert staff.get(page).headers["Refresh"] == "2"


def test_import_under_way_is_cancelled_on_its_page(staff: Staff) -> None:
    staff.post(UPLOAD, {"email": UserFactory.create().email, "file": csv("a;1,00")})
    row = SalesImport.objects.get()
    page = reverse("admin:integrations_salesimport_change", args=[row.id])
    assert "Cancelar o que falta" not in staff.get(page).content.decode()
    SalesImport.objects.update(state=ImportState.RUNNING, total=0)
    shown = staff.get(page).content.decode()
    assert ("Lendo o arquivo" in shown, "Cancelar o que falta" in shown) == (True, True)

    staff.post(page, {"cancel": "1"})

    row.refresh_from_db()
    assert (row.state, row.error.partition(".")[0]) == (ImportState.FAILED, "Cancelada")
    assert StaffAction.objects.filter(action="Cancelou importação de um arquivo").count() == 1


def test_upload_form_shows_errors(staff: Staff) -> None:
    email = UserFactory.create().email
    unknown_user = staff.post(UPLOAD, {"email": "ninguem@exemplo.com.br", "file": csv("a;1,00")})
    assert "Não há usuário com este e-mail." in unknown_user.content.decode()
    empty_file = staff.post(UPLOAD, {"email": email, "file": csv()})
    assert "O arquivo não tem nenhuma linha abaixo do cabeçalho." in empty_file.content.decode()


def test_upload_page_lists_the_columns_and_offers_the_template(staff: Staff) -> None:
    page = staff.get(UPLOAD).content.decode()
    assert "Nome do cliente, Nome, Nome completo" in page
    template = staff.get(UPLOAD, {"modelo": "xlsx"})
    assert template.content.startswith(b"PK")
    assert template.headers["Content-Disposition"] == (
        'attachment; filename="modelo-de-vendas.xlsx"'
    )


def test_preview_announces_words_warnings_and_the_sum(staff: Staff) -> None:
    lines = ("Pedido;Valor;Status;Quantidade", "a;1.234,56;Milagre;1.000", "b;1,00;Milagre;1")
    file = SimpleUploadedFile("vendas.csv", "\n".join(lines).encode())
    staff.post(UPLOAD, {"email": UserFactory.create().email, "file": file})
    row = SalesImport.objects.get()
    page = staff.get(reverse("admin:integrations_salesimport_change", args=[row.id]))
    assert {name: page.context[name] for name in ("words", "warnings", "total_amount")} == {
        "words": [("Pedido", "milagre", 2)],
        "warnings": [
            (2, "a", "Coluna “Quantidade”: número ambíguo; escreva 1000 ou 1, por exemplo.")
        ],
        "total_amount": "R$\N{NO-BREAK SPACE}1.235,56",
    }
    assert [cells[:2] for cells in page.context["sample"]] == [(2, "a"), (3, "b")]


def test_preview_of_refused_lines_alone_offers_no_import(staff: Staff) -> None:
    staff.post(UPLOAD, {"email": UserFactory.create().email, "file": csv("a;caro")})
    row = SalesImport.objects.get()
    page = staff.get(reverse("admin:integrations_salesimport_change", args=[row.id]))
    assert row.errors == 1
    assert "Importar " not in page.content.decode().split('class="bo-figures"')[1]


def test_file_without_content_is_refused(staff: Staff) -> None:
    file = SimpleUploadedFile("vendas.csv", b"")
    response = staff.post(UPLOAD, {"email": UserFactory.create().email, "file": file})
    error = "O arquivo está vazio. Exporte as vendas de novo."
    assert response.context["form"].errors == {"file": [error]}
