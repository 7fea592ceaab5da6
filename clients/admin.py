"""The admin of clients; other apps extend it with `flowzz.backoffice.extensions`."""

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from clients.contacts import format_phone
from clients.documents import format_document
from clients.models import Client, ClientStatus
from clients.search import search_clients, search_clients_exactly
from flowzz.backoffice import masking
from flowzz.backoffice.display import (
    NOTHING,
    NamedValue,
    Notice,
    RowSummary,
    ValueGroup,
    badge_column,
    breakable_email,
    change_url,
    section,
    short_datetime,
    two_line_cell,
)
from flowzz.backoffice.filters import ExactFilter, PeriodFilter, SellerFilter, exact_match_first
from flowzz.backoffice.lists.filter_fields import ChoiceFilter
from flowzz.backoffice.masked_admin import MaskedAdmin, record_search

STREET = ("address", "address_number", "complement", "district")
CLIENT_MASKS = {
    "name": masking.mask_name,
    "cpf": masking.mask_document,
    "phone": masking.mask_phone,
    "phone_raw": masking.mask_phone,
    "email": masking.mask_email,
} | dict.fromkeys((*STREET, "cep"), masking.mask_text)
STATUS_COLOURS = {
    ClientStatus.ACTIVE: "success",
    ClientStatus.INACTIVE: "info",
    ClientStatus.BLOCKED: "danger",
}


class StateFilter(ExactFilter):
    title = "estado (UF)"
    parameter_name = "uf"
    field = "state"


class MergedFilter(ChoiceFilter):
    title = "unidos a outro"
    parameter_name = "unidos"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Só estes")]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Client]") -> "QuerySet[Client]":
        return queryset.exclude(merged_into=None) if self.value() else queryset


def search_clients_for(request: HttpRequest, text: str) -> "QuerySet[Client]":
    """Search clients; for staff who see them masked exactly, with a limit and a log entry."""
    if masking.can_see_personal_data(request):
        return search_clients(text)
    is_allowed = record_search(request)
    return search_clients_exactly(text) if is_allowed else Client.objects.none()


def contact_values(client: Client) -> list[NamedValue]:
    """Return who a client is, with a link to the client's page."""
    values = {
        "CPF/CNPJ": format_document(client.cpf),
        "Telefone": format_phone(client.phone) or client.phone_raw,
        "E-mail": client.email,
        "Endereço": client.postal_address,
    }
    is_copied = not masking.is_masked(client)
    contacts = [NamedValue(label, value, is_copied=is_copied) for label, value in values.items()]
    return [NamedValue("Nome", str(client), change_url(client)), *contacts]


class ClientSearchAdmin(MaskedAdmin):
    """A page of rows with a client, found by one of `search_fields`, or by the client."""

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        if text := search_term.strip():
            by_field = reduce(or_, (Q((name, text)) for name in self.search_fields))
            queryset = exact_match_first(
                queryset, by_field, lambda: Q(client__in=search_clients_for(request, text))
            )
        return queryset, False


@admin.register(Client)
class ClientAdmin(MaskedAdmin):
    masks = CLIENT_MASKS
    list_display = (
        "person",
        "document",
        "contact",
        "city_and_state",
        "seller",
        "status_badge",
        "created",
    )
    list_filter = (("created_at", PeriodFilter), "status", StateFilter, SellerFilter, MergedFilter)
    list_select_related = ("user",)
    search_fields = ("cpf",)
    search_help_text = "CPF ou CNPJ, telefone, e-mail, ou parte do nome"
    exact_search_help_text = "CPF ou CNPJ, telefone, e-mail ou nome, inteiros"
    fieldsets = (
        section(None, "user", "status_badge", "has_valid_digits", "identifies_client", "phone_raw"),
        section("Datas", "created_at", "updated_at", "erased_at"),
    )
    status_badge = badge_column("status", "status", STATUS_COLOURS)

    @admin.display(description="nome", ordering="name")
    def person(self, client: Client) -> SafeString:
        """Show the name, and whether another client stands for this one."""
        if client.erased_at:
            return two_line_cell(client, "dados apagados")
        return two_line_cell(client, "unido a outro" if client.merged_into_id else "")

    def summarize(self, request: HttpRequest, row: Client) -> RowSummary:
        groups = [ValueGroup("Contato", "person", contact_values(row)[1:])]
        return RowSummary(notices=list(_notices(row)), value_groups=groups)

    @admin.display(description="CPF/CNPJ", ordering="cpf")
    def document(self, client: Client) -> str:
        return format_document(client.cpf) or NOTHING

    @admin.display(description="dígitos conferem")
    def has_valid_digits(self, client: Client) -> str:
        return _document_flag(client, client.document_valid)

    @admin.display(description="identifica o cliente")
    def identifies_client(self, client: Client) -> str:
        return _document_flag(client, client.document_identifies)

    @admin.display(description="contato")
    def contact(self, client: Client) -> SafeString:
        return two_line_cell(format_phone(client.phone), breakable_email(client.email or ""))

    @admin.display(description="cidade")
    def city_and_state(self, client: Client) -> str:
        return " / ".join(filter(None, (client.city, client.state))) or NOTHING

    @admin.display(description="vendedor(a)")
    def seller(self, client: Client) -> SafeString:
        return breakable_email(client.user)

    @admin.display(description="criado em", ordering="created_at")
    def created(self, client: Client) -> str:
        return short_datetime(client.created_at)

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Client]", search_term: str
    ) -> tuple["QuerySet[Client]", bool]:
        if search_term.strip():
            queryset &= search_clients_for(request, search_term)
        return queryset, False


def _notices(client: Client) -> Iterator[Notice]:
    """Yield what stands for the client now."""
    if client.merged_into:
        text = "Este cliente foi unido a outro: as vendas e os próximos pedidos são do outro."
        yield Notice(text, "warning", change_url(client.merged_into), f"Abrir {client.merged_into}")
    if client.erased_at:
        at = short_datetime(client.erased_at)
        yield Notice(f"Os dados pessoais foram apagados em {at}, e não há como voltar.", "info")


def _document_flag(client: Client, value: bool) -> str:
    """Return Sim or Não; a dash for a client without a document."""
    if not client.cpf:
        return NOTHING
    return "Sim" if value else "Não"
