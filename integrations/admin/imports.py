"""Imports of sales from a file: staff upload it for a user, check the preview, and confirm."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from unfold.decorators import action

from clients.contacts import format_phone
from clients.documents import format_document
from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.base_admin import JobAdmin, staff_permission
from flowzz.backoffice.confirm_with_reason import StaffForm, UserField
from flowzz.backoffice.display import NOTHING, change_url, page_context, short_datetime
from flowzz.core.formatting import format_number, format_reais
from integrations.admin.owner_column import owner_column
from integrations.imports import import_jobs
from integrations.imports.guide import (
    TEMPLATE_FORMATS,
    TemplateFormat,
    column_labels,
    sample,
    write_template,
)
from integrations.models import ImportState, SalesImport
from integrations.providers.contracts import StatusField
from integrations.providers.errors import IntegrationError
from integrations.providers.registry import default_provider, get_provider
from sales.models import Sale

DEFERRED = ("content", "error_lines", "warning_lines", "unknown_words", "columns")


class UploadForm(StaffForm):
    email = UserField(
        label="E-mail do(a) vendedor(a)",
        help_text="De quem são as vendas. A integração não precisa estar conectada.",
    )
    file = forms.FileField(
        label="Arquivo CSV ou Excel",
        error_messages={"empty": "O arquivo está vazio. Exporte as vendas de novo."},
        help_text="CSV ou .xlsx, com os nomes das colunas na primeira linha; até 20 MB e 50.000 "
        "linhas.",
    )
    exported_at = forms.DateTimeField(
        label="Exportado em (opcional)",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text="Quando se sabe: o que o arquivo diz vale sobre o que veio antes. "
        "Sem isto, ele só avança o status, nunca volta, e completa o que falta.",
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > import_jobs.MAX_BYTES:
            raise forms.ValidationError("O arquivo passa de 20 MB. Divida-o e envie as partes.")
        return file

    def clean_exported_at(self) -> Any:
        exported_at = self.cleaned_data["exported_at"]
        if exported_at and exported_at > timezone.now():
            raise forms.ValidationError("A data de exportação está no futuro.")
        return exported_at

    def preview(self) -> SalesImport | None:
        """Create a preview. Returns None if the file is rejected: the form then has the error."""
        data = self.cleaned_data
        try:
            return import_jobs.receive(
                user_id=data["email"].id,
                provider=default_provider(),
                content=data["file"].read(),
                file_name=data["file"].name or "",
                exported_at=data["exported_at"],
                is_preview=True,
            )
        except IntegrationError as error:
            self.add_error("file", error.message)
            return None


def imported_column(field: str, description: str) -> Callable[[Any, SalesImport], str]:
    """Return a column of what an import did; a preview did nothing."""

    @admin.display(description=description)
    def column(_: Any, job: SalesImport) -> str:
        return NOTHING if job.is_preview else format_number(getattr(job, field))

    return column


@admin.register(SalesImport)
class SalesImportAdmin(JobAdmin):
    list_display = (
        "created_at",
        "owner",
        "file_name",
        "state_badge",
        "total",
        *("imported_created", "imported_updated", "imported_unchanged"),
        "errors",
    )
    list_filter = ("state",)
    list_select_related = ("integration__user",)
    search_fields = ("integration__user__email__iexact",)
    search_help_text = "E-mail do(a) vendedor(a)"
    actions_list = ("upload",)
    has_import_permission = staff_permission("run_syncs")

    owner = owner_column()
    template = "integrations/imports/import.html"
    routes = {}

    imported_created = imported_column("created", "criadas")
    imported_updated = imported_column("updated", "atualizadas")
    imported_unchanged = imported_column("unchanged", "sem mudança")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[SalesImport]":
        return super().get_queryset(request).defer(*DEFERRED)

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Importar arquivo", url_path="enviar", icon="upload", permissions=["import"]
    )
    def upload(self, request: HttpRequest) -> HttpResponse:
        extension = request.GET.get("modelo")
        if extension in TEMPLATE_FORMATS:
            return _template(extension)
        form = UploadForm(request.POST or None, request.FILES or None)
        if form.is_valid() and (row := form.preview()):
            audit_log.record(
                request, "Enviou arquivo de vendas", row, details={"linhas": row.total}
            )
            return redirect(change_url(row))
        columns = get_provider(default_provider()).accepted_columns()
        context = {
            **page_context(request, "Importar vendas de um arquivo", SalesImport, back=""),
            "form": form,
            "formats": TEMPLATE_FORMATS,
            "column_headers": ("Coluna", "Também aceita", "Exemplo", "O que saber"),
            "columns": [
                (column.headers[0], ", ".join(column.headers[1:]), column.example, column.note)
                for column in columns
            ],
        }
        return render(request, "integrations/imports/upload.html", context)

    def job_context(self, request: HttpRequest, job: SalesImport) -> dict[str, Any]:
        return {
            "may_confirm": job.state == ImportState.PREVIEWED
            and job.accepted
            and self.has_import_permission(request),
            "may_cancel": job.is_under_way and self.has_import_permission(request),
            "total_amount": format_reais(job.amount),
            **_tables(job, is_masked=not masking.can_see_personal_data(request)),
        }

    def act(self, request: HttpRequest, job: SalesImport) -> HttpResponse:
        """Confirm the preview, or cancel what is under way."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        if "cancel" in request.POST:
            if import_jobs.cancel(job):
                audit_log.record(request, "Cancelou importação de um arquivo", job)
            return redirect(change_url(job))
        try:
            import_jobs.confirm(job)
        except IntegrationError as error:
            self.message_user(request, error.message, messages.ERROR)
        else:
            audit_log.record(request, "Importou vendas de um arquivo", job)
        return redirect(change_url(job))


def _template(extension: TemplateFormat) -> HttpResponse:
    return HttpResponse(
        write_template(default_provider(), extension),
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="modelo-de-vendas.{extension}"'},
    )


def _tables(row: SalesImport, *, is_masked: bool) -> dict[str, Any]:
    """Return the tables of an import's page, with their headers."""
    labels = column_labels(row.integration.provider)
    return {
        "sample_headers": (
            *("Linha", "Pedido", "Data", "Produto", "Qtd.", "Total", "Status", "Entrega"),
            *("Cliente", "CPF/CNPJ", "Telefone"),
        ),
        "sample": [_sample_cells(sale, is_masked=is_masked) for sale in sample(row)],
        "word_headers": ("Tipo", "Texto recebido", "Linhas"),
        "words": [
            (StatusField(word["field"]).label, word["word"], word["lines"])
            for word in row.unknown_words
        ],
        "column_headers": ("Coluna do arquivo", "O que o Flowzz faz com ela"),
        "columns": [
            (column["header"], _column_words(labels.get(column["field"]))) for column in row.columns
        ],
        "line_headers": ("Linha", "Pedido", "O que houve"),
        "errors": [_line_cells(line) for line in row.error_lines],
        "warnings": [_line_cells(line) for line in row.warning_lines],
    }


def _column_words(field: str | None) -> str:
    if field is None:
        return "Não conhece: guarda o valor como veio, nos outros dados da venda"
    return f"Lê como “{field}”"


def _line_cells(line: dict[str, Any]) -> tuple[Any, ...]:
    return line["line"], line["external_id"], line["message"]


def _sample_cells(sale: Sale, *, is_masked: bool) -> tuple[Any, ...]:
    client = sale.client
    assert client is not None
    masks = (masking.mask_name, masking.mask_document, masking.mask_phone)
    person = (client.name, format_document(client.cpf), format_phone(client.phone))
    return (
        vars(sale)["line"],
        sale.external_id,
        short_datetime(sale.sale_date) if sale.sale_date else "",
        sale.product_name,
        sale.quantity,
        format_reais(sale.total_price),
        sale.get_status_display(),
        sale.get_shipping_status_display(),
        *(mask(text) if is_masked else text for mask, text in zip(masks, person, strict=True)),
    )
