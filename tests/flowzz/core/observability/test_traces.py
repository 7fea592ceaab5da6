"""What is sent as traces: names, times and few attributes, without personal data and secrets."""

import os
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
import requests
from django.db import connection
from django.db.backends.signals import connection_created
from django.test import Client as Browser
from pytest_django.fixtures import Settings

from flowzz.accounts.models import User
from flowzz.celery import app
from flowzz.core import observability
from tests.flowzz.core.observability import failing_pages
from tests.flowzz.core.observability.failing_pages import EMAIL, SECRETS, URLS
from tests.integrations.sellers import Seller
from tests.integrations.webhooks.rsgi.test_writer import Client, answers_of

pytest.importorskip("opentelemetry.instrumentation.django")
pytest.importorskip("opentelemetry.exporter.otlp.proto.http")

from opentelemetry import propagate, trace
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from flowzz.core.observability import traces

app.loader.import_default_modules()
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
LIBRARIES = (DjangoInstrumentor, CeleryInstrumentor, RequestsInstrumentor)


@pytest.fixture(scope="session")
def memory() -> InMemorySpanExporter:
    """Return the receiver of this process, which can have one provider only."""
    exporter = InMemorySpanExporter()
    # Its hook runs threads in each fork, which may then not enter a user namespace.
    with patch.object(os, "register_at_fork"):
        provider = traces.provider_for("web")
    provider.add_span_processor(SimpleSpanProcessor(traces.RedactingExporter(exporter)))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture
def exporter(
    memory: InMemorySpanExporter, settings: Settings, db: None
) -> Iterator[InMemorySpanExporter]:
    settings.TRACES_ENDPOINT = "http://collector.test:4318"
    settings.MIDDLEWARE = list(settings.MIDDLEWARE)
    memory.clear()
    traces.instrument()
    connection_created.send(sender=type(connection), connection=connection)
    yield memory
    for library in LIBRARIES:
        library().uninstrument()
    connection_created.disconnect(traces._trace_statements)
    connection.execute_wrappers.remove(traces._trace_statement)


def spans_of(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def leaks(exporter: InMemorySpanExporter) -> list[str]:
    text = " ".join(span.to_json() for span in exporter.get_finished_spans())
    assert text
    return [secret for secret in SECRETS if secret in text]


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_request_is_a_span_with_its_route(exporter: InMemorySpanExporter) -> None:
    assert Browser().get("/api/v1/sales/0193f3a2").status_code in (401, 404)
    assert Browser().get("/api/docs/", **failing_pages.REQUEST).status_code == 200

    span = spans_of(exporter)["GET api/docs/?$"]
    assert attributes(span) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "api/docs/?$",
        "server.port": 80,
    }
    assert "0193f3a2" not in str(list(spans_of(exporter)))
    assert leaks(exporter) == []


def test_resource_names_service_version_installation_and_process(
    exporter: InMemorySpanExporter,
) -> None:
    with observability.span("webhooks"):
        pass
    (span,) = exporter.get_finished_spans()
    resource = span.resource.attributes
    ours = {name for name in resource if not name.startswith(("telemetry.", "service.instance"))}
    assert {name: resource[name] for name in ours} == {
        "service.name": "flowzz",
        "service.version": "1.0.0",
        "deployment.environment.name": "flowzz.test",
        "flowzz.process": "web",
    }


@pytest.mark.parametrize("url", URLS)
def test_failed_page_has_statements_without_values_and_an_error_without_text(
    exporter: InMemorySpanExporter, settings: Settings, url: str
) -> None:
    settings.ROOT_URLCONF = failing_pages.__name__
    Browser(raise_request_exception=False).get(url, **failing_pages.REQUEST)

    spans = spans_of(exporter)
    statement, page = spans["SELECT accounts_user"], spans[f"GET {route(url)}"]
    assert attributes(statement) == {
        "db.system.name": "postgresql",
        "db.query.summary": "SELECT accounts_user",
    }
    assert statement.parent == page.context
    (error,) = spans["SELECT"].events
    assert error.attributes == {"exception.type": "django.db.utils.DataError"}
    assert spans["SELECT"].status.description is None
    assert leaks(exporter) == []


def route(url: str) -> str:
    return "admin/senha/<str:token>/" if "senha" in url else "webhooks/coinzz/<str:token>"


@pytest.mark.parametrize("url", ["/webhooks/coinzz/short-token/x/y/z", "/nowhere/Beatriz"])
def test_unknown_url_is_no_name(exporter: InMemorySpanExporter, url: str) -> None:
    Browser().get(url, **failing_pages.REQUEST)
    assert leaks(exporter) == []


def test_sender_of_a_request_neither_hides_it_nor_adds_to_it(
    exporter: InMemorySpanExporter,
) -> None:
    sent = {
        "traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-00",  # not sampled
        "tracestate": "name=Beatriz",
        "baggage": "name=Beatriz",
    }
    Browser().get("/api/docs/", headers=sent)
    assert "GET api/docs/?$" in spans_of(exporter)
    assert leaks(exporter) == []

    passed_on: dict[str, str] = {}
    propagate.inject(passed_on, propagate.extract(sent))
    assert passed_on == {"traceparent": sent["traceparent"]}


@pytest.mark.parametrize("url", ["/health/live", "/health/ready", "/metrics"])
def test_probes_are_not_traced(exporter: InMemorySpanExporter, url: str) -> None:
    Browser().get(url)
    assert exporter.get_finished_spans() == ()


def test_task_is_a_span_without_its_arguments(exporter: InMemorySpanExporter) -> None:
    task = app.tasks["integrations.tasks.record_heartbeat"]
    task.apply()
    span = spans_of(exporter)["run/integrations.tasks.record_heartbeat"]
    assert attributes(span) == {
        "celery.action": "run",
        "celery.state": "SUCCESS",
        "celery.task_name": "integrations.tasks.record_heartbeat",
    }


def test_call_is_a_span_without_its_url(exporter: InMemorySpanExporter) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get("http://127.0.0.1:9/Beatriz", params={"token": "short-token"}, timeout=5)
    (span,) = exporter.get_finished_spans()
    assert attributes(span) == {
        "http.request.method": "GET",
        "server.address": "127.0.0.1",
        "server.port": 9,
        "error.type": "ConnectionError",
    }
    assert leaks(exporter) == []


@pytest.mark.parametrize(
    ("sql", "summary"),
    [
        ('SELECT "a"."b" FROM "sales_sale" WHERE "a"."c" = %s', "SELECT sales_sale"),
        ('INSERT INTO "sales_sale" ("id") VALUES (%s)', "INSERT sales_sale"),
        ('UPDATE "sales_sale" SET "status" = %s', "UPDATE sales_sale"),
        ("\n  DELETE FROM core_setting", "DELETE core_setting"),
        ("SELECT count(*) FROM (SELECT 1 FROM clients_client)", "SELECT"),
        ("SELECT 1 FROM 'Beatriz'", "SELECT"),
        ("", ""),
    ],
)
def test_summary_of_a_statement(sql: str, summary: str) -> None:
    assert traces._summary(sql) == summary


def test_statement_outside_of_a_request_is_no_trace(exporter: InMemorySpanExporter) -> None:
    assert not User.objects.filter(email=EMAIL).exists()
    assert exporter.get_finished_spans() == ()


@pytest.mark.django_db(transaction=True)
def test_batch_of_webhooks_is_a_span_with_their_number(exporter: InMemorySpanExporter) -> None:
    seller = Seller()
    exporter.clear()
    assert answers_of(Client(seller, b'{"a": 1}'), Client(seller, b'{"a": 2}')) == [200, 200]

    spans = [span for span in exporter.get_finished_spans() if span.name == "webhooks"]
    assert {name for span in spans for name in attributes(span)} == {"flowzz.webhooks"}
    assert sum(attributes(span)["flowzz.webhooks"] for span in spans) == 2
