"""Every admin page opens, shows no secret and needs a constant number of statements."""

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags
from django.utils.text import camel_case_to_spaces

from flowzz.backoffice.base_admin import ReadOnlyAdmin
from flowzz.backoffice.display import change_url, list_url
from integrations.models import Integration, WebhookToken
from integrations.secrets import field_encryption
from integrations.webhooks.tokens import hash_token
from tests.factories import ClientFactory
from tests.integrations.admin.rows import API_KEY, SIGNING_SECRET, make_event, make_rows
from tests.staff import Staff

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
OWN_APPS = {"clients", "sales", "integrations"}
OWN_PACKAGES = OWN_APPS | {"flowzz"}
OWN_MODELS = [model for model in MODELS if model._meta.app_label in OWN_APPS]
ID_OR_CODE = re.compile(
    r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b(?:PENDING|PAID|None)\b|(?<![\w.@/-])coinzz\b(?!/)"
)
"""A UUID, a value as the database has it, or the platform's name without its capital."""
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)


@every_model
def test_search_accepts_any_text(staff: Staff, model: type[Model]) -> None:
    for text in ("ordtestes", "123.456.789-09", "ana@exemplo.com.br", "(62) 95454-4554", "%_\\'"):
        assert staff.get(list_url(model), {"q": text}).status_code == 200


@every_model
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
    pages = [staff.get(url, follow=True) for url in (list_url(model), *map(change_url, rows))]
    assert {page.status_code for page in pages} == {200}
    html = "".join(page.content.decode() for page in pages)
    assert [secret for secret in secrets if secret in html] == []


def test_all_models_have_names_in_portuguese() -> None:
    """A group's page names each; Django's default is the name of the class."""
    own = [model for model in apps.get_models() if model.__module__.split(".")[0] in OWN_PACKAGES]
    unnamed = [
        model._meta.label
        for model in own
        if model._meta.verbose_name == camel_case_to_spaces(model.__name__)
    ]
    assert unnamed == []


@every_model
def test_pages_show_names_instead_of_ids_and_codes(staff: Staff, model: type[Model]) -> None:
    make_rows(1)
    rows = model._default_manager.all()[:1]
    pages = [staff.get(url).content.decode() for url in (list_url(model), *map(change_url, rows))]
    shown = " ".join(strip_tags(page.partition('id="content"')[2]) for page in pages)
    titles = " ".join(re.findall(r"<title>(.*?)</title>", "".join(pages), re.DOTALL))
    assert ID_OR_CODE.findall(f"{titles} {shown}") == []


@every_model
def test_every_cell_of_a_list_has_a_value_or_the_mark_for_nothing(
    staff: Staff, model: type[Model]
) -> None:
    make_rows(1)
    make_event(None)
    ClientFactory.create(name="", cpf="", phone="", email="", city="", state="")
    html = staff.get(list_url(model)).content.decode()
    body = html.partition("<tbody")[2].rpartition("</tbody>")[0]
    cells = re.findall(r"<t[dh] [^>]*?data-label=\"([^\"]*)\"[^>]*>(.*?)</t[dh]>", body, re.DOTALL)
    assert bool(cells) == bool("data-label" in body)
    empty = [label for label, cell in cells if "<input" not in cell and not _text(cell)]
    assert empty == []


def _text(html: str) -> str:
    return strip_tags(html).strip().removesuffix("None")


def test_lists_of_fifty_rows_take_as_many_statements_as_lists_of_five(staff: Staff) -> None:
    make_rows(5)
    few = {model: count_statements(staff, model) for model in OWN_MODELS}
    make_rows(45)
    many = {model: count_statements(staff, model) for model in OWN_MODELS}
    assert many == few
    for model in OWN_MODELS:
        html = staff.get(list_url(model)).content.decode()
        assert html.count('name="_selected_action"') in {0, 50}


def count_statements(staff: Staff, model: type[Model]) -> int:
    """Return the number of statements of a model's list, with warm caches."""
    staff.get(list_url(model))
    with CaptureQueriesContext(connection) as statements:
        staff.get(list_url(model))
    return len(statements)


def test_staff_can_not_add_or_delete_rows(staff: Staff) -> None:
    request = staff.get("/admin/").wsgi_request
    admins = [admin.site.get_model_admin(model) for model in OWN_MODELS]
    permitted = [
        model_admin
        for model_admin in admins
        if model_admin.has_add_permission(request) or model_admin.has_delete_permission(request)
    ]
    assert permitted == []


def test_first_page_shows_the_menu(staff: Staff) -> None:
    page = staff.get("/admin/").content.decode()
    assert [title for title in ("Vendas", "Integrações", "Agenda") if title not in page] == []


@every_model
def test_filters_do_not_count_rows(staff: Staff, model: type[Model]) -> None:
    """Facet counts would read the whole table once for each choice."""
    if isinstance(admin.site._registry[model], ReadOnlyAdmin):
        assert "_facets" not in staff.get(list_url(model)).content.decode()
