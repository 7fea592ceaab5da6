"""Every page of the admin: it opens, it shows no secret, it costs the same however long it is."""

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from flowzz.backoffice.base_admin import ReadOnlyAdmin
from integrations.models import Integration, WebhookToken
from integrations.secrets import field_encryption
from integrations.webhooks.tokens import hash_token
from tests.integrations.admin.rows import API_KEY, SIGNING_SECRET, make_rows
from tests.staff import Staff

PAGES = sorted(admin.site._registry, key=lambda model: model._meta.label)
OURS = [model for model in PAGES if model._meta.app_label in {"clients", "sales", "integrations"}]
every_page = pytest.mark.parametrize("model", PAGES, ids=lambda model: model._meta.label)


def list_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_of(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


@every_page
def test_search_takes_any_text(staff: Staff, model: type[Model]) -> None:
    for text in ("ordtestes", "123.456.789-09", "ana@exemplo.com.br", "(62) 95454-4554", "%_\\'"):
        assert staff.get(list_of(model), {"q": text}).status_code == 200


@every_page
def test_pages_open_and_show_no_secret(staff: Staff, model: type[Model]) -> None:
    make_rows(1)
    integration, token = Integration.objects.get(), WebhookToken.objects.get()
    plain = field_encryption.decrypt_token(token)
    secrets = [
        API_KEY,
        SIGNING_SECRET,
        integration.api_key,
        integration.signing_secret,
        plain,
        token.token,
        hash_token(plain),
    ]
    rows = model._default_manager.all()[:1]
    shown = [staff.get(address) for address in (list_of(model), *map(page_of, rows))]
    assert {response.status_code for response in shown} == {200}
    text = "".join(response.content.decode() for response in shown)
    assert [secret for secret in secrets if secret in text] == []


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_list_of_fifty_takes_the_statements_of_five(staff: Staff, model: type[Model]) -> None:
    make_rows(5)
    staff.get(list_of(model))  # what is read once a process is read now
    with CaptureQueriesContext(connection) as few:
        staff.get(list_of(model))
    make_rows(45)
    with CaptureQueriesContext(connection) as many:
        response = staff.get(list_of(model))
    assert response.content.decode().count('name="_selected_action"') in {0, 50}
    assert len(many) == len(few)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_what_the_system_owns_is_not_staffs_to_add_or_delete(
    staff: Staff, model: type[Model]
) -> None:
    page = admin.site._registry[model]
    request = staff.get("/admin/").wsgi_request
    assert not page.has_add_permission(request)
    assert not page.has_delete_permission(request)


def test_first_page_and_menu_open(staff: Staff) -> None:
    page = staff.get("/admin/").content.decode()
    assert [title for title in ("Vendas", "Integrações", "Agenda") if title not in page] == []


@every_page
def test_filters_count_nothing(staff: Staff, model: type[Model]) -> None:
    """Counting what each choice of a filter would leave reads the whole table, many times."""
    if isinstance(admin.site._registry[model], ReadOnlyAdmin):
        assert "_facets" not in staff.get(list_of(model)).content.decode()
