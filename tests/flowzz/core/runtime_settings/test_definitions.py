"""Runtime settings: saved values replace those of the environment."""

import threading
import time
from datetime import timedelta
from itertools import count
from threading import Event
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from flowzz.core.models import Setting
from flowzz.core.runtime_settings.cache import (
    MAX_AGE_MEANWHILE_SECONDS,
    MAX_AGE_SECONDS,
    SAVED_VALUES,
)
from flowzz.core.runtime_settings.groups import settings_by_name
from integrations.models import WebhookEvent
from integrations.runtime_settings import DUPLICATE_WINDOW, PAYLOAD_RETENTION, WEBHOOK_RATE
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", settings_by_name())
def test_formatted_default_is_parsed_to_the_default(name: str) -> None:
    setting = settings_by_name()[name]
    assert setting.parse(setting.format(setting.default)) == setting.value() == setting.default


@pytest.mark.parametrize("text", ["7.5", "90.0", "1.00", "7,5", "1..000", ".7", "٧", ""])
def test_number_that_is_not_whole_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Escreva um número inteiro de 7 a 3650"):
        PAYLOAD_RETENTION.parse(text)


def test_number_may_have_a_dot_before_thousands() -> None:
    assert PAYLOAD_RETENTION.parse(" 1.000 ") == timedelta(days=1000)


def test_saved_value_is_loaded_once() -> None:
    Setting.objects.create(name="DUPLICATE_WINDOW", value="5")
    assert DUPLICATE_WINDOW.value() == timedelta(hours=72)
    SAVED_VALUES.expire()
    with CaptureQueriesContext(connection) as queries:
        assert [DUPLICATE_WINDOW.value() for _ in range(3)] == [timedelta(hours=5)] * 3
    assert len([query for query in queries if "core_setting" in query["sql"]]) == 1
    Setting.objects.all().delete()
    assert PAYLOAD_RETENTION.value_in_database() == timedelta(days=90)
    SAVED_VALUES.expire()
    assert DUPLICATE_WINDOW.value() == timedelta(hours=72)


def test_last_value_is_used_without_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SAVED_VALUES, "_values", {"RATE_LIMIT_WEBHOOK": "7/min"})
    with patch.object(Setting.objects, "values_list", side_effect=OperationalError) as load:
        SAVED_VALUES.expire()
        assert [WEBHOOK_RATE.value() for _ in range(3)] == ["7/minute"] * 3
    assert load.call_count == 1


class Reload:
    """Replaces the reading of the settings by one that waits until it may end.

    Each one reads a rate that is one higher than before.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, age: float) -> None:
        self.has_begun, self._may_end = Event(), Event()
        self._rates = count(8)
        monkeypatch.setattr(SAVED_VALUES, "_values", {"RATE_LIMIT_WEBHOOK": "7/min"})
        monkeypatch.setattr(SAVED_VALUES, "_tried_at", time.monotonic() - age)
        monkeypatch.setattr(SAVED_VALUES, "_next_at", time.monotonic())
        monkeypatch.setattr(Setting.objects, "values_list", self._read)

    def _read(self, *_: str) -> dict[str, str]:
        rate = next(self._rates)
        self.has_begun.set()
        assert self._may_end.wait(60)
        return {"RATE_LIMIT_WEBHOOK": f"{rate}/min"}

    def end(self) -> None:
        self._may_end.set()
        for thread in threading.enumerate():
            if thread.name == "settings":
                thread.join()


def test_nobody_waits_while_old_values_are_reloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    reload = Reload(monkeypatch, age=MAX_AGE_SECONDS)
    assert [WEBHOOK_RATE.value() for _ in range(3)] == ["7/minute"] * 3
    assert reload.has_begun.wait(60)
    reload.end()
    assert WEBHOOK_RATE.value() == "8/minute"


def test_nobody_waits_for_the_next_attempt_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    reload = Reload(monkeypatch, age=MAX_AGE_MEANWHILE_SECONDS)
    with patch.object(Setting.objects, "values_list", side_effect=OperationalError):
        assert WEBHOOK_RATE.value() == "7/minute"
    monkeypatch.setattr(SAVED_VALUES, "_next_at", time.monotonic())
    assert WEBHOOK_RATE.value() == "7/minute"
    assert reload.has_begun.wait(60)
    reload.end()
    assert WEBHOOK_RATE.value() == "8/minute"


def test_values_of_a_process_that_was_idle_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    Reload(monkeypatch, age=MAX_AGE_MEANWHILE_SECONDS).end()
    assert WEBHOOK_RATE.value() == "8/minute"


def test_values_read_before_a_change_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    reload = Reload(monkeypatch, age=MAX_AGE_SECONDS)
    WEBHOOK_RATE.value()
    assert reload.has_begun.wait(60)
    SAVED_VALUES.expire()
    reload.end()
    assert WEBHOOK_RATE.value() == "9/minute"


def test_invalid_saved_value_is_ignored() -> None:
    Setting.objects.create(name="PAYLOAD_RETENTION", value="1")
    assert PAYLOAD_RETENTION.value_in_database() == timedelta(days=90)


def test_webhooks_are_limited_by_the_saved_rate() -> None:
    seller = Seller()
    Setting.objects.create(name="RATE_LIMIT_WEBHOOK", value="2/h")
    SAVED_VALUES.expire()
    assert [seller.post(b"{}").status_code for _ in range(3)] == [200, 200, 429]
    assert WebhookEvent.objects.count() == 2
