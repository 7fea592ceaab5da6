"""Sends traces by OTLP over HTTP: requests, tasks, statements, calls, and batches of webhooks.

Everything passes `RedactingExporter`, which knows what may leave: no path, no query, no SQL, no
address of a client, no text of an exception.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.propagators.textmap import CarrierT, Getter, default_getter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from flowzz.core import observability
from flowzz.core.logging import redact_path

ATTRIBUTES = frozenset(
    {
        *("http.request.method", "http.response.status_code", "http.route", "error.type"),
        *("server.address", "server.port", "db.system.name", "db.query.summary"),
        *("celery.action", "celery.state", "celery.task_name", "messaging.destination"),
        *("exception.type", "flowzz.webhooks"),
    }
)
"""The only attributes of spans and events that are sent."""
UNTRACED_URLS = "/health/,/metrics"
SUMMARY_CHARACTERS = 2_000
_BEFORE_TABLES = {"FROM", "INTO", "UPDATE"}
_tracer = trace.get_tracer("flowzz")


class TraceIds(TraceContextTextMapPropagator):
    """Passes the ids of traces on, without their state and baggage, where senders put anything."""

    def extract(
        self,
        carrier: CarrierT,
        context: Context | None = None,
        getter: Getter[CarrierT] = default_getter,
    ) -> Context:
        extracted = super().extract(carrier, context, getter)
        span = trace.get_current_span(extracted).get_span_context()
        if not span.trace_state:
            return extracted
        ids = SpanContext(span.trace_id, span.span_id, span.is_remote, span.trace_flags)
        return trace.set_span_in_context(NonRecordingSpan(ids), extracted)


def instrument() -> None:
    """Let the libraries make spans, which are lost until `start`."""
    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")
    propagate.set_global_textmap(TraceIds())
    # Behind the middleware that assigns the request's id.
    DjangoInstrumentor().instrument(middleware_position=1, excluded_urls=UNTRACED_URLS)
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]  # it has no types
    RequestsInstrumentor().instrument()
    connection_created.connect(_trace_statements)


def start(process: str) -> None:
    """Send the spans of a process of this kind, in a thread, which a fork starts again."""
    if isinstance(trace.get_tracer_provider(), TracerProvider):
        return
    exporter = OTLPSpanExporter(endpoint=f"{settings.TRACES_ENDPOINT}/v1/traces", timeout=5)
    provider = provider_for(process)
    provider.add_span_processor(BatchSpanProcessor(RedactingExporter(exporter)))
    trace.set_tracer_provider(provider)


def provider_for(process: str) -> TracerProvider:
    """Return a provider that records all traces, whatever the sender of a request asks for."""
    attributes = {
        "service.name": "flowzz",
        "service.version": observability.release(),
        "deployment.environment.name": observability.environment(),
        "flowzz.process": process,
    }
    return TracerProvider(sampler=ALWAYS_ON, resource=Resource.create(attributes))


def span(name: str, attributes: Mapping[str, int]) -> AbstractContextManager[object]:
    return _tracer.start_as_current_span(
        name, attributes={f"flowzz.{key}": value for key, value in attributes.items()}
    )


class RedactingExporter(SpanExporter):
    """Passes spans on with their name and the listed attributes alone."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_redacted(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _redacted(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=redact_path(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_listed(span.attributes),
        events=[
            Event(event.name, _listed(event.attributes), event.timestamp) for event in span.events
        ],
        kind=span.kind,
        instrumentation_scope=span.instrumentation_scope,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
    )


def _listed(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (attributes or {}).items() if name in ATTRIBUTES}


def _trace_statements(connection: BaseDatabaseWrapper, **details: Any) -> None:
    if _trace_statement not in connection.execute_wrappers:
        connection.execute_wrappers.append(_trace_statement)


def _trace_statement(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Mapping[str, Any]
) -> Any:
    """Make a span of a statement, if it belongs to a request or a task."""
    if not trace.get_current_span().is_recording():
        return execute(sql, params, many, context)
    summary = _summary(str(sql)[:SUMMARY_CHARACTERS])
    attributes = {"db.system.name": "postgresql", "db.query.summary": summary}
    with _tracer.start_as_current_span(summary, kind=SpanKind.CLIENT, attributes=attributes):
        return execute(sql, params, many, context)


def _summary(sql: str) -> str:
    """Return a statement's first word and its first table, such as `SELECT sales_sale`."""
    words = sql.replace('"', "").split()
    tables = [name for before, name in pairwise(words) if before in _BEFORE_TABLES]
    return " ".join(words[:1] + [name for name in tables if name.isidentifier()][:1])
