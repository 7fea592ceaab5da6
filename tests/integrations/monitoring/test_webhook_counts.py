"""Webhooks counted by the hour."""

from datetime import UTC, datetime, timedelta

import pytest
from time_machine import travel

from integrations.inbox import replay
from integrations.models import HourlyWebhookCount, WebhookEvent
from integrations.monitoring import webhook_counts
from tests import payloads
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 15, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_hours_have_what_came_in_them_whenever_it_was_processed() -> None:
    with travel(NOW, tick=False):
        seller = Seller()
        seller.receive(payloads.order("ordaaaaa"), payloads.order("ordbbbbb"), at=NOW - HOUR)
        seller.told(payloads.order("ordccccc"), at=NOW)
        seller.told(payloads.order("ordddddd"), at=NOW)
        found = webhook_counts.last_hours(seller.integration, 3)
    on_the_hour = NOW.replace(minute=0)
    assert found == [(on_the_hour - 2 * HOUR, 0), (on_the_hour - HOUR, 2), (on_the_hour, 2)]


def test_a_replay_is_no_arrival() -> None:
    seller = Seller()
    seller.told(payloads.order())
    replay.replay(WebhookEvent.objects.all())
    seller.drain()
    assert HourlyWebhookCount.objects.get().events == 1


def test_old_hours_are_forgotten() -> None:
    seller = Seller()
    seller.told(payloads.order(), at=NOW - webhook_counts.KEPT)
    seller.told(payloads.order("ordbbbbb"), at=NOW)
    with travel(NOW, tick=False):
        assert webhook_counts.forget() == 1
