"""The metrics for Prometheus, and access to them."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings
from redis import ConnectionError as RedisLost

from flowzz.core import redis
from flowzz.core.rate_limits import RateLimit, RateLimitExceeded
from flowzz.core.redis_metrics import Histogram, record
from flowzz.core.workers import heartbeat
from integrations.inbox import queue_stats, replay
from integrations.models import Alert, AlertKind, IntegrationStatus, WebhookEvent
from integrations.sync import runs
from integrations.webhooks.signing_secrets import set_signing_secret
from tests import payloads
from tests.factories import SyncRunFactory
from tests.integrations.sellers import Seller, post

pytestmark = pytest.mark.django_db

Sample = dict[tuple[str, str], float]


@pytest.fixture(autouse=True)
def _empty_redis() -> None:
    redis.client().flushdb()


def scrape() -> Sample:
    """Return the values of all samples by name and labels."""
    response = Client().get("/metrics")
    assert response.status_code == HTTPStatus.OK
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def test_events_are_counted_by_outcome() -> None:
    seller = Seller()
    body = payloads.encode(payloads.order())
    for sent in (body, body, b"no json"):
        assert seller.post(sent).status_code == HTTPStatus.OK
    post("/webhooks/coinzz/unknown", body)
    waiting = scrape()
    seller.drain()
    drained = scrape()

    assert waiting["flowzz_webhook_answers_total", "200"] == 3
    assert waiting["flowzz_webhook_answers_total", "404"] == 1
    assert waiting["flowzz_inbox_waiting_events", ""] == 3
    assert drained["flowzz_inbox_waiting_events", ""] == 0
    assert drained["flowzz_inbox_quarantined_events", ""] == 1
    assert drained["flowzz_events_processed_total", "created"] == 1
    assert drained["flowzz_events_processed_total", "duplicate"] == 1
    assert drained["flowzz_events_processed_total", "quarantined"] == 1
    assert drained["flowzz_events_quarantined_total", "invalid_json"] == 1
    assert drained["flowzz_event_processing_seconds_count", ""] == 3
    assert drained["flowzz_event_processing_seconds_bucket", "30.0"] == 3


def test_replay_does_not_count_as_slow() -> None:
    seller = Seller()
    seller.process(payloads.order(), received_at=timezone.now() - timedelta(days=3))
    replay.replay(WebhookEvent.objects.all())
    seller.drain()
    assert scrape()["flowzz_event_processing_seconds_count", ""] == 1


def test_events_without_an_integration_are_counted_as_unroutable(settings: Settings) -> None:
    settings.WEBHOOK_WITHOUT_TOKEN = True
    post("/webhooks/coinzz", payloads.encode(payloads.order()))
    samples = scrape()
    assert samples["flowzz_events_quarantined_total", "unroutable"] == 1
    assert samples["flowzz_inbox_quarantined_events", ""] == 1


def test_age_of_the_oldest_due_event() -> None:
    seller = Seller()
    seller.receive(payloads.order(), received_at=timezone.now() - timedelta(minutes=7))
    assert scrape()["flowzz_inbox_oldest_due_seconds", ""] == pytest.approx(420, abs=5)


def test_refused_signatures_are_counted() -> None:
    seller = Seller()
    set_signing_secret(seller.integration, "a secret of Coinzz", keep_previous=False)
    seller.post(payloads.encode(payloads.order()))
    assert scrape()["flowzz_webhook_answers_total", "401"] == 1


def test_requests_over_a_limit_are_counted_by_its_name() -> None:
    limit = RateLimit("some", lambda: "1/minute")
    limit.hit("key")
    with pytest.raises(RateLimitExceeded):
        limit.hit("key")
    assert scrape()["flowzz_rate_limited_total", "some"] == 1


@pytest.mark.django_db(transaction=True)
def test_runs_are_counted_by_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.providers.coinzz.api.client.CoinzzClient._wait", lambda *_: 0)
    run = SyncRunFactory.create()  # its API does not answer
    runs.execute(run.id)
    samples = scrape()
    assert samples["flowzz_sync_runs_total", "queued"] == 1
    assert samples["flowzz_sync_runs_under_way", "QUEUED"] == 1


def test_alerts_and_integrations_are_exported_zeros_included() -> None:
    seller = Seller()
    Alert.objects.create(integration=seller.integration, kind=AlertKind.SILENCE, message="…")
    samples = scrape()
    assert samples["flowzz_alerts_open", "silence"] == 1
    assert samples["flowzz_alerts_open", "key_old"] == 0
    assert samples["flowzz_integrations", "CONNECTED"] == 1
    assert samples["flowzz_integrations", "ERROR"] == 0
    assert samples["flowzz_circuit_state", "coinzz,closed"] == 1
    assert samples["flowzz_circuit_state", "coinzz,open"] == 0


def test_refused_key_in_webhook_mode_is_exported_as_connected(settings: Settings) -> None:
    Seller(status=IntegrationStatus.ERROR)
    assert scrape()["flowzz_integrations", "ERROR"] == 1
    settings.COINZZ_API_ENABLED = False
    samples = scrape()
    assert samples["flowzz_integrations", "ERROR"] == 0
    assert samples["flowzz_integrations", "CONNECTED"] == 1


def test_age_of_a_missing_heartbeat_is_infinite() -> None:
    heartbeat.record("inbox")
    samples = scrape()
    assert samples["flowzz_heartbeat_age_seconds", "inbox"] == pytest.approx(0, abs=5)
    assert samples["flowzz_heartbeat_age_seconds", "beat"] == float("inf")


def test_number_of_statements_of_a_scrape_is_constant() -> None:
    numbers = []
    for count in (1, 4):
        for number in range(count):
            seller = Seller(email=f"vendedora{count}{number}@flowzz.test")
            seller.receive(payloads.order())
        with CaptureQueriesContext(connection) as statements:
            scrape()
        numbers.append(len(statements))
    assert numbers == [6, 6]


def test_database_metrics_are_exported_without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RedisLost

    monkeypatch.setattr(redis, "client", fail)
    samples = scrape()
    assert samples["flowzz_redis_up", ""] == 0
    assert samples["flowzz_database_up", ""] == 1
    assert samples["flowzz_inbox_waiting_events", ""] == 0


def test_redis_metrics_are_exported_without_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError

    monkeypatch.setattr(queue_stats, "oldest_due", fail)
    samples = scrape()
    assert samples["flowzz_database_up", ""] == 0
    assert samples["flowzz_spooled_events", ""] == 0


def test_recording_without_redis_does_not_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RedisLost

    monkeypatch.setattr(redis, "client", fail)
    record(Histogram("some_seconds", "", (1.0,)).increments([0.5]))


def test_histogram_is_cumulative() -> None:
    histogram = Histogram("some_seconds", "", (1.0, 2.0))
    (family,) = [histogram.family(histogram.increments([0.5, 1.0, 1.5, 9.0]))]
    assert [(sample.name, sample.labels, sample.value) for sample in family.samples] == [
        ("some_seconds_bucket", {"le": "1.0"}, 2.0),
        ("some_seconds_bucket", {"le": "2.0"}, 3.0),
        ("some_seconds_bucket", {"le": "+Inf"}, 4.0),
        ("some_seconds_count", {}, 4.0),
        ("some_seconds_sum", {}, 12.0),
    ]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, 200),
        ({"REMOTE_ADDR": "::1"}, 200),
        ({"REMOTE_ADDR": "198.51.100.7"}, 404),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.7"}, 404),
    ],
)
def test_without_a_token_only_local_requests_pass(headers: dict[str, Any], status: int) -> None:
    assert Client(**headers).get("/metrics").status_code == status


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("Bearer right", 200),
        ("bearer  right", 200),
        ("Bearer wrong", 401),
        ("Basic right", 401),
        ("right", 401),
        ("", 401),
    ],
)
def test_with_a_token_only_its_bearer_passes(settings: Settings, sent: str, status: int) -> None:
    settings.METRICS_TOKEN = "right"
    response = Client(REMOTE_ADDR="198.51.100.7").get("/metrics", headers={"Authorization": sent})
    assert response.status_code == status
