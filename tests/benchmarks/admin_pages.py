"""The pages of the back-office, timed as their own browser would wait for them."""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.contrib import admin  # noqa: E402 - Django had to be set up first
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Model  # noqa: E402
from django.test import Client as Browser  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils.timezone import localdate  # noqa: E402

from flowzz.accounts.models import User  # noqa: E402
from integrations.models import Integration  # noqa: E402
from integrations.providers import COINZZ  # noqa: E402
from sales.models import Sale  # noqa: E402
from tests.benchmarks import filling  # noqa: E402

TIMES = 5
TARGET_MS = 300
_statements: list[float] = []
ROOMS = {"clients", "sales", "integrations"}


def run(sales: int) -> None:
    call_command("migrate", verbosity=0)
    sellers = [User(email=f"vendedora{n}@flowzz.test") for n in range(filling.SELLERS)]
    User.objects.bulk_create(sellers)
    Integration.objects.bulk_create(
        Integration(user=user, provider=COINZZ, status="CONNECTED") for user in sellers
    )
    started = time.perf_counter()
    for step in filling.fill(sales):
        print(f"{time.perf_counter() - started:6.1f} s  {step}", file=sys.stderr)  # noqa: T201
    measure()


def measure() -> None:
    """Print the table's rows, of a database that is filled."""
    browser = Browser(SERVER_NAME="127.0.0.1")
    email = "medida@flowzz.test"
    staff = User.objects.filter(email=email).first() or User.objects.create_superuser(email)
    browser.force_login(staff)
    print("| page | time | of it SQL | statements |", "| --- | ---: | ---: | ---: |", sep="\n")  # noqa: T201 - output
    for name, address in _pages():
        _print(browser, name, address)


def _print(browser: Browser, name: str, address: str) -> None:
    response = browser.get(address)  # what is read once a process is read now
    assert response.status_code == 200, (name, response.status_code)
    waits = [_wait(browser, address) for _ in range(TIMES)]
    whole, database = (statistics.median(times) for times in zip(*waits, strict=True))
    figure = f"{whole:.0f} ms" if whole <= TARGET_MS else f"**{whole:.0f} ms**"
    cells = f"{name} | {figure} | {database:.0f} ms | {len(_statements)}"
    print(f"| {cells} |", flush=True)  # noqa: T201 - output


def _wait(browser: Browser, address: str) -> tuple[float, float]:
    """Milliseconds until the page is there, and those of them that the database took."""
    _statements.clear()
    started = time.perf_counter()
    with connection.execute_wrapper(_timed):
        browser.get(address)
    return (time.perf_counter() - started) * 1000, sum(_statements) * 1000


def _timed(execute: Callable[..., Any], *call: Any) -> Any:
    started = time.perf_counter()
    try:
        return execute(*call)
    finally:
        _statements.append(time.perf_counter() - started)


def _pages() -> Iterator[tuple[str, str]]:
    yield "first page", "/admin/"
    yield from _filtered()
    models = sorted(admin.site._registry, key=lambda model: model._meta.label)
    for model in models:
        if model._meta.app_label in ROOMS:
            name = f"{model._meta.app_label}_{model._meta.model_name}"
            yield f"list of {model._meta.verbose_name_plural}", reverse(f"admin:{name}_changelist")
            if row := _row(model):
                yield (
                    f"one {model._meta.verbose_name}",
                    reverse(f"admin:{name}_change", args=[row.pk]),
                )


def _row(model: type[Model]) -> Model | None:
    return model._default_manager.order_by("pk").last()


def _filtered() -> Iterator[tuple[str, str]]:
    sales = reverse("admin:sales_sale_changelist")
    clients = reverse("admin:clients_client_changelist")
    totals = reverse("admin:sales_sale_totals")
    last = Sale.objects.select_related("client").order_by("-sale_date")[0]
    week = f"sale_date_from={localdate() - timedelta(days=7)}&sale_date_to={localdate()}"
    year_ago = f"sale_date_to={localdate() - timedelta(days=365)}"
    seller = "usuario=vendedora150@flowzz.test"
    campaign = "campanha=campanha 17"
    filters = {
        "a week": week,
        "before a year ago": year_ago,
        "refunded": "status__exact=REFUNDED",
        "returned and cancelled": "status__exact=CANCELLED&shipping_status__exact=RETURNED",
        "a product": "produto=Produto 150-3",
        "a campaign": campaign,
        "a user's, refunded": f"{seller}&status__exact=REFUNDED",
        "nothing there is": "produto=Nada",
    }
    for name, query in filters.items():
        yield f"sales, {name}", f"{sales}?{query}"
    for name, query in {"all": "", "a week": week, "a campaign": campaign}.items():
        yield f"totals of sales, {name}", f"{totals}?{query}"
    assert last.client is not None
    found = {"number": last.external_id, "document": last.client.cpf, "name": "Hugo Moura 12"}
    for name, text in (found | {"phone": last.client.phone.replace("+", "%2B")}).items():
        yield f"sales, by {name}", f"{sales}?q={text}"
        yield f"clients, by {name}", f"{clients}?q={text}"
        yield f"search, by {name}", f"{reverse('backoffice:search')}?q={text}"
