"""Measures the pages of the back-office as a browser waits for them."""

import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import django

django.setup()

from django.core.management import call_command
from django.db import connection
from django.test import Client as Browser

from flowzz.accounts.models import StaffAction, User
from tests.benchmarks.admin.filled_database import fill_with_sellers
from tests.benchmarks.admin.urls import Page, pages

TIMES = 5
TARGET_MS = 300
_statements: list[float] = []


class Duration(NamedTuple):
    """Milliseconds until the response, of CPU time, and in the database."""

    total: float
    cpu: float
    database: float


def run(sales: int) -> None:
    call_command("migrate", verbosity=0)
    if not StaffAction.objects.exists():  # the table that is filled last
        fill_with_sellers(sales)
    browser = Browser(SERVER_NAME="127.0.0.1")
    email = "medida@flowzz.test"
    staff = User.objects.filter(email=email).first() or User.objects.create_superuser(email)
    browser.force_login(staff)
    _print("| page | time | of it Python | of it SQL | statements |")
    _print("| --- | ---: | ---: | ---: | ---: |")
    for page in pages():
        _print(_row(browser, page))


def _row(browser: Browser, page: Page) -> str:
    _open(browser, page)  # fills the caches of this process
    columns = zip(*(_measure(browser, page) for _ in range(TIMES)), strict=True)
    median = Duration(*map(statistics.median, columns))
    figure = f"{median.total:.0f} ms"
    if median.total > TARGET_MS:
        figure = f"**{figure}**"
    return (
        f"| {page.name} | {figure} | {median.cpu:.0f} ms | {median.database:.0f} ms "
        f"| {len(_statements)} |"
    )


def _measure(browser: Browser, page: Page) -> Duration:
    _statements.clear()
    started, cpu_started = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(_time_statement):
        _open(browser, page)
    total, cpu = time.perf_counter() - started, time.process_time() - cpu_started
    return Duration(*(seconds * 1000 for seconds in (total, cpu, sum(_statements))))


def _open(browser: Browser, page: Page) -> None:
    form = "application/x-www-form-urlencoded"
    response = browser.generic(page.method, page.url, page.body, content_type=form)
    statuses = (200, 503) if page.url.startswith("/health/") else (200,)
    assert response.status_code in statuses, (page, response.status_code)


def _time_statement(execute: Callable[..., Any], *call: Any) -> Any:
    started = time.perf_counter()
    try:
        return execute(*call)
    finally:
        _statements.append(time.perf_counter() - started)


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the table
