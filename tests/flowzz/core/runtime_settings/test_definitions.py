"""What staff saved holds instead of the environment's value, in every process, within seconds."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from flowzz.accounts.models import Setting
from flowzz.core.runtime_settings.cache import SAVED
from flowzz.core.runtime_settings.definitions import (
    BY_NAME,
    DUPLICATE_WINDOW,
    PAYLOAD_RETENTION,
    WEBHOOK_RATE,
)
from integrations.models import WebhookEvent
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", BY_NAME)
def test_default_is_written_as_it_is_read(name: str) -> None:
    one = BY_NAME[name]
    assert one.read(one.write(one.default)) == one.value() == one.default


def test_what_is_saved_holds_and_is_asked_for_once() -> None:
    Setting.objects.create(name="DUPLICATE_WINDOW", value="5")
    assert DUPLICATE_WINDOW.value() == timedelta(hours=72)
    SAVED.expire()
    with CaptureQueriesContext(connection) as asked:
        assert [DUPLICATE_WINDOW.value() for _ in range(3)] == [timedelta(hours=5)] * 3
    assert len([query for query in asked if "accounts_setting" in query["sql"]]) == 1
    Setting.objects.all().delete()
    assert PAYLOAD_RETENTION.exact() == timedelta(days=90)
    SAVED.expire()
    assert DUPLICATE_WINDOW.value() == timedelta(hours=72)


def test_without_the_database_the_last_value_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SAVED, "_values", {"RATE_LIMIT_WEBHOOK": "7/min"})
    with patch.object(Setting.objects, "values_list", side_effect=OperationalError) as asked:
        SAVED.expire()
        assert [WEBHOOK_RATE.value() for _ in range(3)] == ["7/minute"] * 3
    assert asked.call_count == 1


def test_unreadable_value_is_no_value() -> None:
    Setting.objects.create(name="PAYLOAD_RETENTION", value="1")
    assert PAYLOAD_RETENTION.exact() == timedelta(days=90)


def test_door_obeys_the_saved_rate() -> None:
    seller = Seller()
    Setting.objects.create(name="RATE_LIMIT_WEBHOOK", value="2/h")
    SAVED.expire()
    assert [seller.post(b"{}").status_code for _ in range(3)] == [200, 200, 429]
    assert WebhookEvent.objects.count() == 2
