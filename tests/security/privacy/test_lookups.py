"""No list of the admin answers questions about fields that its pages hide or mask."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Field, Model
from django.http import HttpRequest
from django.urls import reverse

from clients.models import Client
from flowzz.accounts.models import StaffAction, User
from flowzz.backoffice import masked_admin
from flowzz.backoffice.display import list_url
from flowzz.core.rate_limits import RateLimit
from integrations.models import WebhookEvent
from sales.models import AffiliationRequest
from tests.factories import ClientFactory, IntegrationFactory, SaleFactory
from tests.integrations.admin.rows import make_event, make_rows
from tests.security.test_staff import GROUPS, SUPPORT
from tests.staff import Staff, log_in_member, messages_in

pytestmark = pytest.mark.django_db

SEARCH = reverse("backoffice:search")

LISTS = sorted(admin.site._registry.items(), key=lambda entry: entry[0]._meta.label)
every_list = pytest.mark.parametrize(
    ("model", "page"), LISTS, ids=[model._meta.label for model, _ in LISTS]
)
IMPERSONAL: dict[str, set[str]] = {
    "accounts.ApiKey": {"revoked_at", "scope"},
    "accounts.User": {"is_active", "is_staff", "groups"},
    "accounts.LoginAttempt": {"outcome", "way", "user__id"},
    "accounts.StaffAction": {"action", "actor", "content_type__id", "target_id"},
    "clients.Client": {"created_at", "status"},
    "django_celery_beat.PeriodicTask": {"enabled"},
    "integrations.Alert": {"kind", "resolved_at"},
    "integrations.BulkAction": {"kind", "state"},
    "integrations.Integration": {"status", "last_sync_status"},
    "integrations.SalesImport": {"state"},
    "integrations.StatusMapping": {"field", "status"},
    "integrations.SyncFinding": {"kind", "run__id"},
    "integrations.SyncRun": {
        "state",
        "trigger",
        "is_full",
        "error_code",
        "integration__id",
        "finished_at",
    },
    "integrations.WebhookEvent": {
        "cause",
        "state",
        "outcome",
        "kind",
        "integration",
        "integration__id",
        "reason",
        "received_at",
    },
    "integrations.WebhookRefusal": {"minute", "reason", "integration__id"},
    "integrations.WebhookToken": {"expires_at"},
    "sales.Sale": {"created_at", "sale_date", "status", "shipping_status", "payment_code"},
    "sales.SaleStatusChange": {"field", "origin"},
    "sales.Subscription": {"status"},
}
"""The fields of each list that lookups may ask about, none of them personal or secret."""


def paths(model: type[Model], prefix: str = "", depth: int = 2) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a model and of the rows it refers to, by lookup path."""
    for field in model._meta.get_fields():
        if isinstance(field, Field):
            yield prefix + field.name, field
        related: Any = field.related_model
        if depth and related not in (None, "self"):
            yield from paths(related, f"{prefix}{field.name}__", depth - 1)


def lookups(field: Any) -> Iterator[str]:
    """Yield the endings of all lookups of a field, through its transforms as well."""
    yield ""
    for name, lookup in field.get_lookups().items():
        yield f"__{name}"
        if hasattr(lookup, "get_lookups"):
            yield from (f"__{name}__{inner}" for inner in lookup.get_lookups())
    if field.get_internal_type() == "JSONField":
        yield from ("__a__startswith", "__a__b__gte")


@every_list
def test_lookups_ask_about_impersonal_fields_only(model: type[Model], page: Any) -> None:
    for group in GROUPS:
        request = HttpRequest()
        request.user = User.objects.create_user(f"{len(group)}@flowzz.test", is_staff=True)
        request.user.groups.set(Group.objects.filter(name=group))
        allowed = {
            path
            for path, field in paths(model)
            for ending in lookups(field)
            if page.lookup_allowed(path + ending, "1", request)
        }
        assert allowed == IMPERSONAL.get(model._meta.label, set()), group


@every_list
def test_links_of_hidden_lookups_are_refused(model: type[Model], page: Any) -> None:
    support = log_in_member(SUPPORT)
    if support.get(list_url(model)).status_code == 403:
        return
    for name in {field.name for _, field in paths(model, depth=0)}:
        response = support.get(list_url(model), {f"{name}__startswith": "5"})
        assert response.status_code == 400, name


@pytest.fixture
def buyer() -> Client:
    return ClientFactory.create(
        name="Zoraide da Quintanilha",
        cpf="52998224725",
        phone="+5562954544554",
        email="zoraide@exemplo.com.br",
    )


@pytest.fixture
def support() -> Staff:
    return log_in_member(SUPPORT)


def is_found(browser: Staff, text: str) -> bool:
    return "***.982.247-**" in browser.get(list_url(Client), {"q": text}).content.decode()


def test_document_can_not_be_read_digit_by_digit(buyer: Client, support: Staff) -> None:
    for query in ({"cpf__startswith": "5"}, {"cpf__regex": "^5"}, {"sales__client__cpf__gt": "5"}):
        response = support.get(list_url(Client), {"id__exact": str(buyer.id), **query})
        assert response.status_code == 400


def test_nothing_completes_names(buyer: Client, support: Staff) -> None:
    of_sales = {"app_label": "sales", "model_name": "sale", "field_name": "client"}
    for term in ("", "zoraide", buyer.cpf):
        response = support.get("/admin/autocomplete/", of_sales | {"term": term})
        assert response.status_code == 404
        assert buyer.name not in response.content.decode()


@pytest.mark.parametrize("text", ["zora", "zoraide", "quintanilha", "52998", "95454-4554", "@ex"])
def test_masked_staff_find_nobody_by_a_part(buyer: Client, support: Staff, text: str) -> None:
    assert not is_found(support, text)
    page = support.get(SEARCH, {"q": text}).content.decode()
    assert "Zo***" not in page


@pytest.mark.parametrize(
    "text",
    ["zoraide da quintanilha", "529.982.247-25", "(62) 95454-4554", "Zoraide@exemplo.com.br"],
)
def test_exact_searches_are_in_the_log(buyer: Client, support: Staff, text: str) -> None:
    assert is_found(support, text)
    entry = StaffAction.objects.get()
    assert (entry.action, entry.details) == (
        "Buscou por dado pessoal",
        {"página": "/admin/clients/client/"},
    )


def test_searches_over_the_limit_find_nobody(
    buyer: Client, support: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masked_admin, "SEARCHES", RateLimit("searches", lambda: "3/hour"))
    found = [is_found(support, buyer.cpf) for _ in range(4)]
    refused = support.get(SEARCH, {"q": buyer.cpf}).content.decode()
    assert found == [True, True, True, False]
    assert ("Buscas demais" in refused, "Zo***" in refused) == (True, False)
    assert StaffAction.objects.count() == 3


def test_staff_who_see_personal_data_search_freely(buyer: Client) -> None:
    operations = log_in_member("Operações")
    page = operations.get(list_url(Client), {"q": "quintan"}).content.decode()
    assert buyer.name in page
    assert not StaffAction.objects.exists()


def test_search_by_order_number_is_not_by_personal_data(buyer: Client, support: Staff) -> None:
    sale = SaleFactory.create(user=buyer.user, client=buyer, external_id="ordzora")
    for url in (list_url(type(sale)), SEARCH):
        assert "ordzora" in support.get(url, {"q": "ordzora"}).content.decode()
    assert not StaffAction.objects.exists()


@every_list
def test_masked_columns_sort_no_list(model: type[Model], page: Any, support: Staff) -> None:
    if not getattr(page, "masks", None):
        return
    masked = {name for path in page.masks for name in (path, path.split("__")[0])}
    for number in range(1, len(page.list_display) + 1):
        for order in (f"{number}", f"-{number}"):
            response: Any = support.get(list_url(model), {"o": order})
            sorted_by = str(response.context["cl"].queryset.query.order_by)
            assert masked.intersection(re.findall(r"\w+", sorted_by)) == set()


def test_masked_names_do_not_sort_the_clients(buyer: Client, support: Staff) -> None:
    second = ClientFactory.create(user=buyer.user, name="Ana")
    for order, group in (("1", "Operações"), ("1", SUPPORT), ("-1", SUPPORT)):
        response: Any = log_in_member(group).get(list_url(Client), {"o": order})
        rows = [row.id for row in response.context["cl"].result_list]
        assert rows == [second.id, buyer.id], (order, group)


@pytest.mark.parametrize("field", ["affiliate_name", "affiliate_email", "affiliate_phone"])
def test_affiliates_are_found_exactly(field: str, support: Staff) -> None:
    text = "Benedita Inventada"
    make_rows(1)
    AffiliationRequest.objects.update(**{field: text})
    for part, count in (("Benedita", 0), ("benedita inventada", 1)):
        response: Any = support.get(list_url(AffiliationRequest), {"q": part})
        assert len(response.context["cl"].result_list) == count


def test_export_refuses_hidden_lookups_and_searches_exactly(buyer: Client, support: Staff) -> None:
    export = f"{list_url(Client)}exportar"
    hidden = support.post(f"{export}?cpf__startswith=5", {"format": "csv"})
    part = support.post(f"{export}?q=quintan", {"format": "csv"})
    assert hidden.status_code == 400
    assert "Zo***" not in part.getvalue().decode()
    assert StaffAction.objects.filter(action="Buscou por dado pessoal").count() == 1


def test_action_on_all_found_rows_searches_exactly(support: Staff) -> None:
    """Its message tells how many rows were found."""
    seller = IntegrationFactory.create()
    client = ClientFactory.create(user=seller.user, name="Zoraide da Quintanilha")
    SaleFactory.create(user=seller.user, client=client, external_id="ordzora")
    make_event(seller, "ordzora")
    form = {"action": "replay", "select_across": "1", "_selected_action": ["1"]}
    for search, count in (("quintan", "0 eventos"), ("zoraide da quintanilha", "1 evento")):
        response = support.post(f"{list_url(WebhookEvent)}?q={search}", form)
        assert messages_in(response)[-1] == f"{count} na fila para reprocessar."


@pytest.mark.parametrize("parameter", ["_facets", "_to_field", "_popup", "all", "e", "p"])
def test_parameters_of_lists_show_no_hidden_value(
    buyer: Client, support: Staff, parameter: str
) -> None:
    for value in ("cpf", "1"):
        page = support.get(list_url(Client), {parameter: value}).content.decode()
        assert [text for text in (buyer.name, buyer.cpf, "529.982") if text in page] == []


def test_history_leads_to_the_log_without_personal_data(buyer: Client, support: Staff) -> None:
    page = support.get(f"{list_url(Client)}{buyer.id}/history/", follow=True).content.decode()
    assert [text for text in (buyer.name, buyer.cpf) if text in page] == []


def test_no_list_has_a_date_hierarchy() -> None:
    assert [model for model, page in LISTS if page.date_hierarchy] == []
