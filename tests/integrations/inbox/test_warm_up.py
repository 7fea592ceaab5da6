"""A worker that starts applies an invented order, of which nothing stays."""

import pytest
from django.apps import apps
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from flowzz.core import redis
from integrations.inbox import warm_up

pytestmark = pytest.mark.django_db


def rows() -> dict[str, int]:
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


def test_nothing_of_the_order_stays() -> None:
    redis.client().flushdb()
    before = rows()

    with CaptureQueriesContext(connection) as queries:
        warm_up.warm_up()

    statements = " ".join(query["sql"] or "" for query in queries)
    assert all(f'INSERT INTO "{table}"' in statements for table in ("sales_sale", "clients_client"))
    assert rows() == before
    assert redis.client().dbsize() == 0


def test_worker_starts_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise OperationalError

    monkeypatch.setattr(warm_up, "next_batch", fail)
    warm_up.warm_up()
