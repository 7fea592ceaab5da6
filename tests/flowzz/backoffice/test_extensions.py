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
from flowzz.backoffice.extensions import PageExtension, extend, page_view, row_action
from sales.models import Sale

MERGE = "clients.merge_client"


class SaleInline(ReadOnlyInline):
    model = Sale


@admin.display(description="nome em maiúsculas")
def upper_name(client: Client) -> str:
    return client.name.upper()


def show_id(_request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    return HttpResponse(str(object_id))


def count_clients(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("3")


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An extended page of clients, which is not the registered one."""

    class ClientPage(ReadOnlyAdmin):
        fieldsets = ((None, {"fields": ("name",)}),)

    options = {"path": "mostrar", "icon": "tag", "permission": MERGE}
    row_action(ClientPage, "Mostrar", **options)(show_id)
    page_view(ClientPage, "contar", permission=MERGE)(count_clients)
    page = ClientPage(Client, admin.site)
    monkeypatch.setattr(admin.site, "get_model_admin", lambda _model: page)
    extension = PageExtension(
        inlines=[SaleInline],
        fieldsets=[("Mais", [upper_name])],
        prepare_row=lambda _request, row: setattr(row, "name", "preparado"),
    )
    extend(Client, extension)
    return page


def request_by(user: object) -> HttpRequest:
    request = HttpRequest()
    request.user = user  # type: ignore[assignment]  # the stubs know one class of users only
    return request


def test_extension_adds_its_parts_to_one_page(page: Any) -> None:
    assert page.inlines == (SaleInline,)
    own = type(page)
    assert page.fieldsets == (*own.fieldsets, ("Mais", {"fields": (upper_name,)}))
    assert page.readonly_fields == (upper_name,)
    names = {url.name for url in page.get_urls()}
    assert {"clients_client_show_id", "clients_client_count_clients"} <= names
    assert own.inlines == ()


def test_action_needs_its_permission(page: Any) -> None:
    client_id = uuid.uuid4()
    superuser = User(is_superuser=True, is_active=True)
    shown = page.show_id(request_by(superuser), object_id=client_id)
    assert shown.content == str(client_id).encode()
    with pytest.raises(PermissionDenied):
        page.show_id(request_by(AnonymousUser()), object_id=client_id)


def test_view_needs_its_permission(page: Any) -> None:
    superuser = User(is_superuser=True, is_active=True)
    assert page.count_clients(request_by(superuser)).content == b"3"
    with pytest.raises(PermissionDenied):
        page.count_clients(request_by(AnonymousUser()))


@pytest.mark.django_db
def test_row_is_prepared_before_it_is_shown(page: Any) -> None:
    user = User.objects.create_user("vendedora@flowzz.test")
    client = Client.objects.create(user=user, name="Ana")
    assert page.get_object(request_by(user), str(client.id)).name == "preparado"
