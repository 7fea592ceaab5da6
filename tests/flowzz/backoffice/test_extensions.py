import uuid
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from clients.models import Client
from flowzz.accounts.models import User
from flowzz.backoffice.base_admin import ReadOnlyAdmin, ReadOnlyInline
from flowzz.backoffice.extensions import DetailAction, ExtraView, PageExtension, extend
from sales.models import Sale


class SaleInline(ReadOnlyInline):
    model = Sale


@admin.display(description="nome em maiúsculas")
def upper_name(client: Client) -> str:
    return client.name.upper()


def show_id(_request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    return HttpResponse(str(object_id))


def count_clients(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("3")


class ClientPage(ReadOnlyAdmin):
    fieldsets = ((None, {"fields": ("name",)}),)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An extended page of clients, which is not the registered one."""
    page = ClientPage(Client, admin.site)
    monkeypatch.setattr(admin.site, "get_model_admin", lambda _model: page)
    action = DetailAction(
        name="show_id",
        label="Mostrar",
        path="mostrar",
        icon="tag",
        permission="clients.merge_client",
        view=show_id,
    )
    extension = PageExtension(
        list_panels=["panel.html"],
        inlines=[SaleInline],
        fieldsets=[("Mais", [upper_name])],
        actions=[action],
        views=[ExtraView(name="count", path="contar", view=count_clients)],
        prepare_row=lambda _request, row: setattr(row, "name", "preparado"),
    )
    extend(Client, extension)
    return page


def request_by(user: object) -> HttpRequest:
    request = HttpRequest()
    request.user = user  # type: ignore[assignment]  # the stubs know one class of users only
    return request


def test_extension_adds_its_parts_to_one_page(page: Any) -> None:
    assert page.list_panels == ("panel.html",)
    assert page.inlines == (SaleInline,)
    assert page.fieldsets == (*ClientPage.fieldsets, ("Mais", {"fields": (upper_name,)}))
    assert page.readonly_fields == (upper_name,)
    names = {url.name for url in page.get_urls()}
    assert {"clients_client_show_id", "clients_client_count"} <= names
    assert (ClientPage.list_panels, ClientPage.inlines) == ((), ())


def test_action_needs_its_permission(page: Any) -> None:
    client_id = uuid.uuid4()
    show = vars(page)["show_id"]
    superuser = User(is_superuser=True, is_active=True)
    assert show(request_by(superuser), object_id=client_id).content == str(client_id).encode()
    with pytest.raises(PermissionDenied):
        show(request_by(AnonymousUser()), object_id=client_id)


@pytest.mark.django_db
def test_row_is_prepared_before_it_is_shown(page: Any) -> None:
    user = User.objects.create_user("vendedora@flowzz.test")
    client = Client.objects.create(user=user, name="Ana")
    assert page.get_object(request_by(user), str(client.id)).name == "preparado"
