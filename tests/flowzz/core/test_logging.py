"""JSON log lines: their request and task, and no personal data."""

import json
import logging.config
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import structlog
from celery.app.task import Context
from celery.signals import before_task_publish, task_failure, task_prerun
from django.core.signals import got_request_exception
from django.test import RequestFactory

from flowzz.core import logging as logs
from flowzz.core.env import BASE_DIR
from tests.log_lines import capture, lines_of

TOKEN = "aUujVEFKYiqHgQallNJh0_xs5Gy9D2UE68gM5-HauIA"
ID = "0193f3a2-2039-76d6-83b1-d793cf685203"


def log_line(**event: Any) -> dict[str, Any]:
    """Log an event, and return the line."""
    logger = structlog.get_logger("flowzz.test")
    with capture() as stream:
        logger.error(**event)
    line: dict[str, Any] = json.loads(stream.getvalue())
    return line


def test_exception_is_logged_with_its_stack_and_without_its_text() -> None:
    try:
        try:
            int("Beatriz Moura")
        except ValueError as cause:
            raise LookupError("documento 123") from cause
    except LookupError as error:
        lines = log_line(event="error", exc_info=error)["exception"]

    assert lines[0] == "builtins.ValueError"
    assert lines[2] == "builtins.LookupError"
    assert lines[1].startswith(__file__)
    assert lines[1].endswith("without_its_text")
    assert "Beatriz" not in str(lines)
    assert "123" not in str(lines)


def test_exception_that_is_being_handled_is_logged_with_its_stack() -> None:
    with capture() as stream:
        try:
            int("Beatriz Moura")
        except ValueError:
            structlog.stdlib.get_logger("flowzz.test").exception("error")
    lines = json.loads(stream.getvalue())["exception"]
    assert lines[0] == "builtins.ValueError"
    assert lines[1].startswith(__file__)
    assert "Beatriz" not in stream.getvalue()


def test_request_id_is_sent_with_a_task() -> None:
    headers: dict[str, Any] = {}
    with structlog.contextvars.bound_contextvars(request_id="req-1"):
        before_task_publish.send(sender="some.task", headers=headers)
    assert headers == {"request_id": "req-1"}


def test_task_without_a_request_has_no_request_id() -> None:
    structlog.contextvars.clear_contextvars()
    headers: dict[str, Any] = {}
    before_task_publish.send(sender="some.task", headers=headers)
    assert headers == {}


@pytest.mark.django_db  # connections may be checked before a task
def test_log_context_of_a_task_names_the_task_and_its_request() -> None:
    task = SimpleNamespace(
        name="integrations.tasks.enqueue_due_work", request=Context(request_id="req-1")
    )
    structlog.contextvars.bind_contextvars(left_over="from the previous task")
    task_prerun.send(sender=None, task_id="task-1", task=task)
    assert structlog.contextvars.get_contextvars() == {
        "task": "integrations.tasks.enqueue_due_work",
        "task_id": "task-1",
        "request_id": "req-1",
    }
    structlog.contextvars.clear_contextvars()


def test_failed_task_is_logged_without_the_exception_text() -> None:
    with capture() as stream:
        task_failure.send(sender=None, exception=ValueError("Beatriz Moura"))
    assert json.loads(stream.getvalue())["event"] == "task_failed"
    assert "Beatriz" not in stream.getvalue()


def test_failed_request_is_logged_without_exception_text_and_token() -> None:
    request = RequestFactory().get("/webhooks/coinzz/the-secret-token")
    with capture() as stream:
        try:
            raise ValueError("Beatriz Moura")
        except ValueError:
            got_request_exception.send(sender=None, request=request)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["path"]) == ("request_failed", "/webhooks/coinzz/***")
    assert "Beatriz" not in stream.getvalue()


@pytest.mark.parametrize(
    ("path", "redacted"),
    [
        ("/webhooks/coinzz/short/subscription", "/webhooks/coinzz/***/subscription"),
        (f"/webhooks/coinzz/{TOKEN}", "/webhooks/coinzz/***"),
        (f"//webhooks/coinzz/{TOKEN}", "//webhooks/coinzz/***"),
        (f"/webhooks/coinzz//{TOKEN}", "/webhooks/coinzz//***"),
        ("/webhooks/coinzz//short", "/webhooks/coinzz//***"),
        (f"/webhooks/coinzz/ {TOKEN}\u200b/orders", "/webhooks/coinzz/***/orders"),
        (f"/webhooks/coinzz/{TOKEN}\n", "/webhooks/coinzz/***"),
        (f"/webhooks/coinzz/orders/{TOKEN} ", "/webhooks/coinzz/***/*** "),
        (f"/webhooks/{TOKEN}", "/webhooks/***"),
        (f"/webhooks/{TOKEN}/orders", "/webhooks/***/orders"),
        (f"/Webhooks/Coinzz/{TOKEN}/", "/Webhooks/Coinzz/***/"),
        (f"/api/v1/sales/{ID}", f"/api/v1/sales/{ID}"),
        ("/api/v1/clients/ana@exemplo.com.br", "/api/v1/clients/***"),
        ("/api/v1/clients/529.982.247-25/", "/api/v1/clients/***/"),
        ("/api/v1/clients/+55 62 95454-4554", "/api/v1/clients/***"),
        ("/admin/django_celery_beat/periodictask/16/change/",) * 2,
    ],
)
def test_secrets_and_personal_data_are_redacted_in_paths(path: str, redacted: str) -> None:
    assert logs.redact_path(path) == redacted


def test_each_element_is_a_line_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "flowzz.test")
    elements = [{"event_id": UUID(ID), "number": number} for number in range(25)]
    logger = structlog.stdlib.get_logger("flowzz.test")
    with capture() as stream, structlog.contextvars.bound_contextvars(task="drain"):
        logs.log_each(logger, "event_processed", elements)

    lines = lines_of(stream, "event_processed")
    assert [line["number"] for line in lines] == list(range(25))
    assert {(line["event_id"], line["task"], line["level"]) for line in lines} == {
        (ID, "drain", "info")
    }
    assert all(line["timestamp"] for line in lines)


def test_nothing_is_logged_for_no_elements(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "flowzz.test")
    with capture() as stream:
        logs.log_each(structlog.stdlib.get_logger("flowzz.test"), "event_processed", [])
    assert stream.getvalue() == ""


def test_lines_of_libraries_are_json() -> None:
    with capture() as stream:
        logging.getLogger("some.library").error("%s happened", "something")
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"]) == ("something happened", "error")


def test_granian_uses_the_same_formatter() -> None:
    configuration = json.loads((BASE_DIR / "flowzz/granian-logs.json").read_text())
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, **configuration})
    (handler,) = logging.getLogger("_granian").handlers
    assert isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)
