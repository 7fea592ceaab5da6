"""The pages of the back-office and of monitoring that `bench-admin` measures."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count, Model
from django.urls import reverse
from django.utils.timezone import localdate

from integrations.models import Alert, EventState, Integration, StatusMapping, SyncRun, WebhookEvent
from sales.models import Sale

Filters = dict[str, object]


class Page(NamedTuple):
    name: str
    url: str
    method: str = "GET"
    body: str = ""


def pages() -> Iterator[Page]:
    yield Page("first page", "/admin/")
    yield Page("first page, 30 days", "/admin/?periodo=30d")
    yield Page("fragment of the first page, every 15 s", reverse("backoffice:overview"))
    yield from _searches()
    yield from _filtered_lists()
    yield from _special_pages()
    yield from _registered_models()
    for path in ("/metrics", "/health/live", "/health/ready", "/health/workers"):
        yield Page(path, path)


def _list(model: str, **filters: object) -> str:
    return f"{reverse(f'admin:{model}_changelist')}?{urlencode(filters)}"


def _searches() -> Iterator[Page]:
    """Search by each field of the latest sale's buyer."""
    sale = Sale.objects.exclude(client__cpf="").select_related("client").order_by("-sale_date")[0]
    assert sale.client is not None
    texts = {
        "number": sale.external_id,
        "document": sale.client.cpf,
        "phone": sale.client.phone,
        "e-mail": sale.client.email,
        "name": "Hugo Moura",
        "a word in many names": "moura",
        "no match": "Zuleica Xavier",
    }
    lists = ("sales_sale", "clients_client", "sales_subscription", "integrations_webhookevent")
    for name, text in texts.items():
        yield Page(f"search, by {name}", f"{reverse('backoffice:search')}?{urlencode({'q': text})}")
        for model in lists:
            yield Page(f"{model}, by {name}", _list(model, q=text))


def _filtered_lists() -> Iterator[Page]:
    week: Filters = {"sale_date_from": localdate() - timedelta(days=7), "sale_date_to": localdate()}
    seller: Filters = {"usuario": "vendedora150@flowzz.test"}
    refunded: Filters = {"status__exact": "REFUNDED"}
    sales: dict[str, Filters] = {
        "a week": week,
        "before a year ago": {"sale_date_to": localdate() - timedelta(days=365)},
        "refunded": refunded,
        "returned and cancelled": {
            "status__exact": "CANCELLED",
            "shipping_status__exact": "RETURNED",
        },
        "a product": {"produto": "Produto 150-3"},
        "a campaign": {"campanha": "campanha 17"},
        "a user's, refunded": {**seller, **refunded},
        "no match": {"produto": "Nada"},
        "the hundredth page": {"p": 100},
    }
    for name, filters in sales.items():
        yield Page(f"sales, {name}", _list("sales_sale", **filters))
    for name in ("a week", "a product", "a campaign", "a user's, refunded"):
        totals = f"{reverse('admin:sales_sale_totals')}?{urlencode(sales[name])}"
        yield Page(f"totals of sales, {name}", totals)
    yield Page("totals of sales, all", reverse("admin:sales_sale_totals"))
    others: dict[str, tuple[str, Filters]] = {
        "clients of a user": ("clients_client", seller),
        "clients of a state": ("clients_client", {"uf": "RS"}),
        "clients, blocked": ("clients_client", {"status__exact": "BLOCKED"}),
        "clients, merged": ("clients_client", {"unidos": "1"}),
        "events, stale": ("integrations_webhookevent", {"outcome__exact": "stale"}),
        "events of subscriptions": ("integrations_webhookevent", {"kind__exact": "subscription"}),
        "events without an integration": (
            "integrations_webhookevent",
            {"integration__isempty": "1"},
        ),
        "runs, failed": ("integrations_syncrun", {"state__exact": "FAILED"}),
        "runs, cancelled": ("integrations_syncrun", {"state__exact": "CANCELLED"}),
        "runs, full": ("integrations_syncrun", {"is_full__exact": "1"}),
        "runs, by hand": ("integrations_syncrun", {"trigger__exact": "staff"}),
        "unhealthy integrations": ("integrations_integration", {"saude": "ruim"}),
        "open alerts": ("integrations_alert", {"resolved_at__isempty": "1"}),
        "audit log of one action": ("accounts_staffaction", {"action": "Ação 7"}),
    }
    for name, (model, filters) in others.items():
        yield Page(name, _list(model, **filters))
    for state in EventState.values:
        events = _list("integrations_webhookevent", state__exact=state)
        yield Page(f"events, {state.lower()}", events)


def _special_pages() -> Iterator[Page]:
    """Pages that are not lists of a model."""
    quarantined = WebhookEvent.objects.filter(state=EventState.QUARANTINED).order_by("-id")
    cause = urlencode({"causa": quarantined[0].cause})
    group = f"{reverse('backoffice:quarantine_group')}?{cause}"
    found_most = SyncRun.objects.annotate(found=Count("findings")).order_by("-found")[0]
    word = StatusMapping.objects.filter(field="order", word="palavra 4").get()
    integration = Integration.objects.order_by("id")[0]
    yield Page("quarantine", reverse("backoffice:quarantine"))
    yield Page("a group of the quarantine", group)
    yield Page("the same, replay requested", group, "POST", "kind=replay")
    preview = f"{reverse('backoffice:quarantine_preview')}?{cause}"
    yield Page("preview of a replay of 500 events", preview)
    yield Page("one quarantined event", _page(quarantined[0]))
    yield Page("a run with 500 findings", _page(found_most))
    yield Page("page of a status word", reverse("backoffice:status_mapping", args=[word.id]))
    yield Page(
        "diagnosis", reverse("admin:integrations_integration_diagnosis", args=[integration.id])
    )
    results = reverse("admin:integrations_integration_diagnosis_results", args=[integration.id])
    yield Page("its results, without a key", results, "POST")
    yield Page("integration of the largest seller", _page(integration))
    yield Page("settings", reverse("backoffice:configuration"))
    yield Page("import form", reverse("admin:integrations_salesimport_upload"))
    yield from _pages_of_actions(quarantined[0])


def _pages_of_actions(event: WebhookEvent) -> Iterator[Page]:
    """Answers about one order, and the pages that come before an action on a row."""
    sale = Sale.objects.order_by("-id")[0]
    missing = reverse("backoffice:missing_order")
    for name, number in {"a sale": sale.external_id, "in quarantine": event.external_id}.items():
        yield Page(f"where an order is: {name}", f"{missing}?{urlencode({'pedido': number})}")
    yield Page("where an order is: nowhere", f"{missing}?pedido=ordzzzzzz&conta={sale.user}")
    for text in (sale.external_id, "moura", "98765"):
        typed = urlencode({"s": text})
        yield Page(f"search while typing {text}", f"{reverse('backoffice:command_search')}?{typed}")
    yield Page("help", reverse("backoffice:help"))
    yield Page("one seller", _page(sale.user))
    rows: dict[str, tuple[Model | None, tuple[str, ...]]] = {
        "integrations_webhookevent": (event, ("preview_one", "correct", "discard_one")),
        "sales_sale": (sale, ("set_status", "merge")),
        "clients_client": (sale.client, ("merge",)),
        "integrations_alert": (Alert.objects.filter(resolved_at=None).first(), ("handle",)),
    }
    for model, (row, actions) in rows.items():
        for action in actions if row else ():
            url = reverse(f"admin:{model}_{action}", args=[row and row.pk])
            yield Page(f"{model}, {action}", url)
    yield Page("who is mailed of alerts", reverse("admin:integrations_alert_recipients"))


def _registered_models() -> Iterator[Page]:
    """The list of each registered model, and the page of its last row."""
    for model in sorted(admin.site._registry, key=lambda model: model._meta.label):
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        yield Page(f"list of {model._meta.verbose_name_plural}", _list(name))
        if row := model._default_manager.order_by("pk").last():
            yield Page(f"one {model._meta.verbose_name}", _page(row))


def _page(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
