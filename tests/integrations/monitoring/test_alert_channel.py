"""Alerts are posted to the channel of staff as JSON."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations.models import Alert, AlertKind, Integration
from integrations.monitoring import alert_channel, alert_mails, alerts
from integrations.monitoring.alerts import Message

pytestmark = pytest.mark.django_db


class Channel(HTTPServer):
    """A server that keeps what is posted to it, and answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.slow_headers = 0
        self.posts: list[dict[str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Channel

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append(json.loads(body))
        self.send_response(self.server.status)
        self.flush_headers()
        for _ in range(self.server.slow_headers):
            self.wfile.write(b"X-Slow: 1\r\n")
            time.sleep(0.02)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def channel(settings: Settings) -> Iterator[Channel]:
    with Channel() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        settings.ALERT_WEBHOOK_URL = f"http://127.0.0.1:{server.server_port}/hook"
        yield server
        server.shutdown()
        thread.join()


def open_alert(integration: Integration) -> Alert:
    alerts.reconcile(AlertKind.KEY_REFUSED, {integration.id: Message("Peça uma chave válida.")})
    return Alert.objects.get()


def test_opening_and_end_are_posted_once(integration: Integration, channel: Channel) -> None:
    alert = open_alert(integration)
    alert_mails.send_pending()
    alert_mails.send_pending()
    alerts.resolve(integration, AlertKind.KEY_REFUSED)
    alert_mails.send_pending()

    opened, resolved = channel.posts
    url = f"https://flowzz.test/admin/integrations/alert/{alert.id}/change/"
    assert opened == {
        "text": f"Alerta (Crítico): Chave de API recusada. Peça uma chave válida. {url}",
        "event": "opened",
        "kind": "key_refused",
        "severity": "critical",
        "message": "Peça uma chave válida.",
        "integration": str(integration.id),
        "opened_at": alert.opened_at.isoformat(),
        "resolved_at": None,
        "url": url,
    }
    assert resolved["text"].startswith("Resolvido (Crítico): Chave de API recusada. A causa passou")


def test_failed_post_is_repeated_and_mails_no_second_time(
    integration: Integration, channel: Channel
) -> None:
    open_alert(integration)
    channel.status = 503
    assert (alert_mails.send_pending(), alert_mails.send_pending()) == (1, 0)
    channel.status = 200
    alert_mails.send_pending()
    alert_mails.send_pending()
    assert len(channel.posts) == 3


def test_post_is_given_up_where_it_is_refused_or_a_day_old(
    integration: Integration, channel: Channel
) -> None:
    open_alert(integration)
    channel.status = 404
    alert_mails.send_pending()
    alert_mails.send_pending()
    assert len(channel.posts) == 1

    Alert.objects.update(opening_posted=False, opened_at=timezone.now() - timedelta(days=2))
    channel.status = 503
    alert_mails.send_pending()
    alert_mails.send_pending()
    assert len(channel.posts) == 2


def test_channel_that_fails_is_asked_once_for_all_alerts(
    integration: Integration, channel: Channel
) -> None:
    open_alert(integration)
    alerts.reconcile(AlertKind.SILENCE, {integration.id: Message("Silêncio.")})
    channel.status = 500
    alert_mails.send_pending()
    assert len(channel.posts) == 1


def test_channel_that_answers_header_by_header_is_not_waited_for(
    integration: Integration, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_channel, "TIMEOUT_SECONDS", 0.2)
    open_alert(integration)
    channel.slow_headers = 60
    alert_mails.send_pending()

    assert not Alert.objects.get().opening_posted


def test_alert_is_posted_while_the_mail_server_is_down(
    integration: Integration, channel: Channel, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    open_alert(integration)

    assert [alert_mails.send_pending() for _ in range(2)] == [0, 0]
    assert [post["event"] for post in channel.posts] == ["opened"]
