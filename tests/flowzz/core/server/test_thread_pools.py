"""Requests that wait for others have threads of their own."""

import asyncio
from contextlib import closing
from threading import Event
from typing import Any

import pytest
from django.db import connections
from django.test import RequestFactory

from flowzz import rsgi
from flowzz.core.server.thread_pools import POOL_FULL, PoolFull, ThreadPool, refuse_if_pool_is_full


def test_calls_beyond_those_that_may_wait_are_refused() -> None:
    released = Event()

    async def fill() -> list[object]:
        pool = ThreadPool("test", 1, max_waiting=1)
        first, second = (asyncio.ensure_future(pool.run(released.wait)) for _ in range(2))
        await asyncio.sleep(0)
        with pytest.raises(PoolFull):
            await pool.run(released.wait)
        released.set()
        return [await first, await second, await pool.run(lambda: "free again")]

    assert asyncio.run(fill()) == [True, True, "free again"]


def test_full_pool_is_a_503_in_the_form_of_the_path() -> None:
    middleware = refuse_if_pool_is_full(lambda request: pytest.fail("reached the view"))
    marked: Any = {POOL_FULL: True}

    api = middleware(RequestFactory().post("/api/v1/auth/token", **marked))
    page = middleware(RequestFactory().post("/admin/login/", **marked))

    assert (api.status_code, api.headers["Retry-After"]) == (503, "5")
    assert api.content.decode().startswith('{"error": "UNAVAILABLE", "message": "Serviço')
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "Espere alguns segundos e recarregue a página" in page.content.decode()


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/api/v1/auth/token", "password"),
        ("POST", "/api/v1/auth/token/", "password"),
        ("POST", "/admin/login/", "password"),
        ("GET", "/admin/login/", None),
        ("POST", "/api/v1/auth/token/refresh", None),
        ("POST", "/api/v1/integrations/coinzz/connect", "provider"),
        ("POST", "/admin/integrations/integration/conectar", "provider"),
        (
            "POST",
            "/admin/integrations/integration/01a20a93-6465-77c7-b86f-eec86c7b9b75"
            "/diagnostico/resultado/",
            "provider",
        ),
        ("POST", "/api/v1/integrations/coinzz/disconnect", None),
        ("POST", "/webhooks/coinzz/abc", None),
        ("GET", "/api/v1/sales", None),
    ],
)
def test_logins_and_calls_of_the_provider_have_pools(
    method: str, path: str, name: str | None
) -> None:
    pool = rsgi._pool(method, path)
    assert (pool and pool.name) == name


@pytest.mark.django_db
def test_statements_of_pages_end_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = connections.settings["default"]
    monkeypatch.setitem(settings, "OPTIONS", dict(settings["OPTIONS"]))

    loop = asyncio.new_event_loop()
    rsgi.application.__rsgi_init__(loop)
    rsgi.application.__rsgi_del__(loop)
    loop.close()

    with closing(connections.create_connection("default")) as database:
        cursor = database.cursor()
        cursor.execute(
            "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"
        )
        assert cursor.fetchone() == ("3s", "15s")
