"""A client's page with their sales, and the ways to merge two of them or to split one."""

import uuid
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold.decorators import action

from clients.admin import PERSONAL, ClientPage
from clients.models import Client, ClientMerge
from clients.search import NotOneClient, find_one
from flowzz.accounts.models import User
from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.confirm_with_reason import ReasonForm, ask
from flowzz.backoffice.pages import ReadOnlyInline, badge, frame, link, page_of
from flowzz.core.formatting import counted, reais
from sales import merging
from sales.admin.exports import ExportablePage
from sales.admin.merge_forms import MergeForm, SplitForm, told
from sales.admin.sale import STATUS_COLOURS
from sales.models import Sale
from sales.models.exports import ExportSubject

admin.site.unregister(Client)


class SaleOfClientInline(ReadOnlyInline):
    model = Sale
    verbose_name_plural = "vendas"
    fields = readonly_fields = (
        "number",
        "sale_date",
        "product_name",
        "price",
        "state",
        "client_match",
    )
    ordering = ("-sale_date", "-id")
    state = badge("status", "situação", STATUS_COLOURS)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Sale]":
        return super().get_queryset(request).defer("metadata")

    @admin.display(description="pedido")
    def number(self, sale: Sale) -> SafeString | None:
        return link(sale)

    @admin.display(description="valor")
    def price(self, sale: Sale) -> str:
        return reais(sale.total_price)


@admin.register(Client)
class ClientSalesPage(ExportablePage, ClientPage):
    exported = ExportSubject.CLIENTS
    inlines = (SaleOfClientInline,)
    actions_detail = (*ClientPage.actions_detail, "merge", "split")
    fieldsets: ClassVar[Any] = (
        *ClientPage.fieldsets,
        ("Uniões e separações", {"fields": ("merged_into", "known_as", "moves")}),
    )
    readonly_fields: ClassVar[tuple[str, ...]] = (*ClientPage.readonly_fields, "known_as", "moves")

    def hide(self, row: Client) -> None:
        if row.merged_into:
            masking.mask(row.merged_into, PERSONAL)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Model | None:
        client: Model | None = super().get_object(request, object_id, from_field)
        if client is not None:  # for `moves`, which is not told who looks
            vars(client)["may_undo"] = self.has_merge_permission(request)
        return client

    def get_urls(self) -> list[URLPattern]:
        undo = path(
            "movimentos/<uuid:move_id>/desfazer",
            self.admin_site.admin_view(self.undo),
            name="clients_client_undo",
        )
        return [undo, *super().get_urls()]

    def has_merge_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("clients.merge_client")

    @admin.display(description="unidos a este")
    def known_as(self, client: Client) -> SafeString | str:
        """By document and phone: orders with these are this client's."""
        aliases = list(client.aliases.order_by("created_at")[:20])
        for alias in aliases if masking.is_masked(client) else ():
            masking.mask(alias, PERSONAL)
        return format_html_join(", ", "{}", ((link(alias),) for alias in aliases)) or "—"

    @admin.display(description="feitas")
    def moves(self, client: Client) -> SafeString | str:
        of_client = ClientMerge.objects.filter(Q(source=client) | Q(target=client))
        rows = of_client.select_related("made_by")[:20]
        may_undo = vars(client).get("may_undo", False)
        lines = ((told(move, may_undo=may_undo),) for move in rows)
        return format_html_join("", "<p>{}</p>", lines) or "—"

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Unir", url_path="unir", icon="merge", permissions=["merge"]
    )
    def merge(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        kept = get_object_or_404(Client.objects.select_related("user"), id=object_id)
        back = page_of(kept)
        form = MergeForm(request.POST or None)
        title = "Unir a outro cliente"
        text = "As vendas do outro passam para este. Antes de unir, você vê o que muda."
        if not form.is_valid():
            return self._ask(request, form, kept, title=title, text=text, button="Ver o que muda")
        try:
            other = find_one(form.cleaned_data["other"], kept.user.email, beside=kept)
            if "confirm" not in request.POST:
                return self._preview(request, form, kept, other)
            move = merging.merge(kept.id, other.id, by=_staff(request))
        except (NotOneClient, merging.MoveRefused) as refusal:
            form.add_error("other", str(refusal))
            return self._ask(request, form, kept, title=title, text=text, button="Ver o que muda")
        details = {"outro": str(other.id), "vendas": len(move.sales)}
        reason = form.cleaned_data["reason"]
        audit_log.record(request, "Uniu clientes", kept, reason=reason, details=details)
        moved = counted(len(move.sales), "venda passou", "vendas passaram")
        messages.success(request, f"Clientes unidos: {moved} para este.")
        return redirect(back)

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Separar", url_path="separar", icon="call_split", permissions=["merge"]
    )
    def split(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        client = get_object_or_404(Client, id=object_id)
        form = SplitForm(request.POST or None, client=client)
        if form.is_valid():
            try:
                move = merging.split(
                    client.id, form.cleaned_data["sales"], form.customer, by=_staff(request)
                )
            except merging.MoveRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                details = {"novo": str(move.target_id), "vendas": len(move.sales)}
                reason = form.cleaned_data["reason"]
                audit_log.record(request, "Separou vendas", client, reason=reason, details=details)
                moved = counted(len(move.sales), "venda é", "vendas são")
                messages.success(request, f"{moved} agora de outro cliente.")
                return redirect(page_of(move.target or client))
        text = "As vendas escolhidas passam para um cliente novo. Pode ser desfeito."
        title = "Separar vendas"
        return self._ask(request, form, client, title=title, text=text, button="Separar")

    def undo(self, request: HttpRequest, move_id: uuid.UUID) -> HttpResponse:
        if not self.has_merge_permission(request):
            raise PermissionDenied
        move = get_object_or_404(ClientMerge.objects.select_related("source"), id=move_id)
        form, back = ReasonForm(request.POST or None), page_of(move.source)
        if form.is_valid():
            try:
                merging.undo(move.id, by=_staff(request))
            except merging.MoveRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                action = f"Desfez {move.get_kind_display().lower()}"
                reason = form.cleaned_data["reason"]
                audit_log.record(request, action, move.source, reason=reason)
                messages.success(request, "Desfeita: as vendas voltaram.")
                return redirect(back)
        text = "As vendas movidas voltam; o que chegou depois fica com quem está."
        title = f"Desfazer: {move}"
        return self._ask(request, form, move.source, title=title, text=text, button="Desfazer")

    def _ask(
        self,
        request: HttpRequest,
        form: Form,
        client: Client,
        *,
        title: str,
        text: str,
        button: str,
    ) -> HttpResponse:
        if not masking.is_shown(request, client):
            masking.mask(client, PERSONAL)
        back = page_of(client)
        return ask(request, form, about=client, title=title, text=text, button=button, back=back)

    def _preview(
        self, request: HttpRequest, form: MergeForm, kept: Client, other: Client
    ) -> HttpResponse:
        """What the merge would make of both, masked as the list is."""
        counts = {"sales": other.sales.count(), "subscriptions": other.subscriptions.count()}
        for client in (kept, other):
            if not masking.is_shown(request, client):
                masking.mask(client, PERSONAL)
        fields = merging.compare(kept, other)
        context: dict[str, Any] = {
            **frame(request, "Unir: o que muda", kept, back=page_of(kept)),
            "headers": ("Campo", "Este", "O outro", "Depois"),
            "rows": [(capfirst(f.label), f.kept, f.absorbed, f.result) for f in fields],
            "form": form,
            **counts,
        }
        return render(request, "sales/merge.html", context)


def _staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
