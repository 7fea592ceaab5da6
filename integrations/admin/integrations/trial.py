"""Send a test webhook to an integration, as its platform does, and see it arrive."""

import hashlib
import time
import uuid

import requests
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from flowzz.backoffice import audit_log
from flowzz.backoffice.base_admin import REFRESH_SECONDS
from flowzz.backoffice.display import change_url, page_context
from flowzz.backoffice.extensions import page_view
from flowzz.core.timed_session import TimedSession
from integrations.admin.integrations.admin import IntegrationAdmin
from integrations.inbox.trial_bodies import make_test_body
from integrations.models import Integration, WebhookEvent
from integrations.models.events import UNFINISHED
from integrations.providers.errors import IntegrationError
from integrations.providers.registry import get_provider
from integrations.secrets import field_encryption
from integrations.webhooks.tokens import webhook_url

PERMISSION = "accounts.manage_connections"
TIMEOUT_SECONDS = 5.0


@page_view(IntegrationAdmin, "<uuid:object_id>/teste/", permission=PERMISSION)
@require_POST
def send_test(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    integration = get_object_or_404(Integration.objects.select_related("user"), id=object_id)
    audit_log.record(request, "Enviou webhook de teste", integration)
    started = time.monotonic()
    try:
        event, problem = _send(integration)
    except IntegrationError as error:  # the URL or the secret is unreadable
        event, problem = None, error.message
    except requests.RequestException as error:
        event = None
        problem = f"O endereço público do Flowzz não pôde ser alcançado ({type(error).__name__})."
    if event is None:
        messages.error(request, f"O teste não chegou. {problem}")
        return redirect(change_url(integration))
    milliseconds = round((time.monotonic() - started) * 1000)
    messages.success(request, f"Enviado; o Flowzz respondeu 200 em {milliseconds} ms.")
    return redirect("admin:integrations_integration_test_result", object_id, event.id)


def _send(integration: Integration) -> tuple[WebhookEvent | None, str]:
    """Return the event that was stored, or what is wrong.

    Raises RequestException, and IntegrationError if the URL or the secret is unreadable.
    """
    body, headers = make_test_body(), {"Content-Type": "application/json"}
    provider = get_provider(integration.provider)
    if integration.signing_secret:
        secret = field_encryption.decrypt(integration, "signing_secret")
        headers[provider.signature_header] = provider.sign(body, secret)
    with TimedSession(TIMEOUT_SECONDS) as session:
        response = session.post(
            webhook_url(integration),
            data=body,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    if response.status_code != 200:
        return None, f"O Flowzz respondeu {response.status_code}."
    sent = integration.events.filter(body_hash=hashlib.sha256(body).digest())
    return sent.first(), "O Flowzz respondeu 200, mas o banco ainda não tem o evento."


@page_view(IntegrationAdmin, "<uuid:object_id>/teste/<uuid:event_id>/", permission=PERMISSION)
@require_safe
def test_result(request: HttpRequest, object_id: uuid.UUID, event_id: uuid.UUID) -> HttpResponse:
    """Show how far the test webhook has come; the page reloads until it was read."""
    events = WebhookEvent.objects.select_related("integration__user")
    event = get_object_or_404(events, id=event_id, integration=object_id)
    assert event.integration is not None
    is_waiting = event.state in UNFINISHED
    context = {
        **page_context(
            request, "Webhook de teste", event.integration, back=change_url(event.integration)
        ),
        "event": event,
        "is_waiting": is_waiting,
    }
    response = render(request, "integrations/integration/test_webhook.html", context)
    if is_waiting and not event.integration.is_paused:
        response.headers["Refresh"] = REFRESH_SECONDS
    return response
