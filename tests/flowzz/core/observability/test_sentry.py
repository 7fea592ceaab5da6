"""What is sent to Sentry: the errors of the log, and none of the data that they were about."""

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from celery.signals import task_failure
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from pytest_django.fixtures import Settings

from flowzz.accounts.models import User
from integrations.webhooks.rsgi.writer import Writer
from tests.flowzz.core.observability import failing_pages
from tests.flowzz.core.observability.failing_pages import EMAIL, PERSON, SECRETS, URLS

sentry_sdk = pytest.importorskip("sentry_sdk")

from sentry_sdk.transport import Transport  # noqa: E402 - if it is installed

from flowzz.core.observability import sentry  # noqa: E402 - the same

log = structlog.stdlib.get_logger("flowzz.test")


class Received(Transport):
    """A receiver in memory, of what would have been sent."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.events: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Any) -> None:
        self.text += envelope.serialize().decode()
        self.events += [json.loads(item.get_bytes()) for item in envelope.items]

    def leaks(self) -> list[str]:
        assert self.events
        return [secret for secret in SECRETS if secret in self.text]


@pytest.fixture
def received(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Received]:
    settings.SENTRY_DSN = "https://key@sentry.test/1"
    structlog.contextvars.clear_contextvars()
    monkeypatch.setattr(sentry.HANDLER, "_minute", -1)  # it has sent nothing yet
    sentry.start("web")
    transport = Received()
    sentry_sdk.get_client().transport = transport
    yield transport
    for name in sentry.LOGGERS:
        logging.getLogger(name).removeHandler(sentry.HANDLER)
    sentry_sdk.get_global_scope().set_client(None)


def raise_chain() -> None:
    person = PERSON
    try:
        int(person)
    except ValueError as cause:
        raise LookupError(f"documento de {person}") from cause


def test_error_is_sent_with_types_and_lines_and_without_texts_and_variables(
    received: Received,
) -> None:
    try:
        raise_chain()
    except LookupError:
        log.exception("job_fault", job="export", job_id="0193f3a2")

    (event,) = received.events
    cause, error = event["exception"]["values"]
    assert (cause["type"], error["type"]) == ("ValueError", "LookupError")
    assert (cause["value"], error["value"]) == ("job_fault", "job_fault")
    assert error["stacktrace"]["frames"][-1]["function"] == "raise_chain"
    assert event["tags"] == {"process": "web", "job": "export", "job_id": "0193f3a2"}
    assert (event["release"], event["environment"]) == ("flowzz@1.0.0", "flowzz.test")
    assert event.keys() - sentry.SENT == set()
    assert received.leaks() == []


@pytest.mark.django_db
def test_values_of_a_database_error_are_not_sent(received: Received) -> None:
    User.objects.create(email=EMAIL)
    with pytest.raises(IntegrityError, match=EMAIL) as caught, transaction.atomic():
        User.objects.create(email=EMAIL)
    log.error("api_call_failed", exc_info=caught.value)

    assert [error["type"] for error in received.events[0]["exception"]["values"]] == [
        "UniqueViolation",
        "IntegrityError",
    ]
    assert received.leaks() == []


@pytest.mark.django_db
@pytest.mark.parametrize("url", URLS)
def test_failed_page_is_sent_without_its_request(
    received: Received, settings: Settings, url: str
) -> None:
    settings.ROOT_URLCONF = failing_pages.__name__
    browser = Browser(raise_request_exception=False)
    assert browser.get(url, **failing_pages.REQUEST).status_code == 500

    (event,) = received.events
    assert event["message"] == "request_failed"
    assert event["tags"]["path"].count("***") == 1
    assert len(event["tags"]["request_id"]) == 32
    assert "request" not in event
    assert received.leaks() == []


def test_failed_task_is_sent_without_its_text(received: Received) -> None:
    task_failure.send(sender=None, exception=ValueError(PERSON), args=[PERSON], kwargs={"a": EMAIL})
    assert [event["message"] for event in received.events] == ["task_failed"]
    assert received.leaks() == []


def test_failed_batch_of_webhooks_is_sent(received: Received) -> None:
    class FailingIntake:
        async def accept(self, batch: object) -> bool:
            raise ValueError(PERSON)

    writer = Writer()
    writer._intake = FailingIntake()  # type: ignore[assignment]  # a fault that can't be made
    asyncio.run(writer._answer([SimpleNamespace(response=None)]))  # type: ignore[list-item]  # a stub

    (event,) = received.events
    assert (event["message"], event["logger"]) == (
        "request_failed",
        "integrations.webhooks.rsgi.writer",
    )
    assert event["exception"]["values"][0]["type"] == "ValueError"
    assert received.leaks() == []


def test_line_of_a_library_is_sent_without_its_text(received: Received) -> None:
    logging.getLogger("asyncio").error(f"future of {PERSON}: %s", EMAIL)
    (event,) = received.events
    assert event["logger"] == "asyncio"
    assert event["message"].startswith("test_sentry:")
    assert received.leaks() == []


def test_exception_that_nobody_logs_is_sent_without_its_text(
    received: Received, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        raise_chain()
    except LookupError:
        sys.excepthook(*sys.exc_info())
    assert [error["type"] for error in received.events[0]["exception"]["values"]] == [
        "ValueError",
        "LookupError",
    ]
    assert received.leaks() == []


def test_warnings_and_the_reports_own_errors_are_not_sent(received: Received) -> None:
    log.warning("webhook_refused")
    logging.getLogger("urllib3.connectionpool").error("unreachable")
    logging.getLogger("opentelemetry.exporter").error("unreachable")
    assert received.events == []


def test_process_sends_a_limited_number_of_events(received: Received) -> None:
    for _ in range(sentry.EVENTS_A_MINUTE + 5):
        log.error("request_failed")
    assert len(received.events) == sentry.EVENTS_A_MINUTE
