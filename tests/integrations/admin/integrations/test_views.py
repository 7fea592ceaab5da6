"""The diagnosis page of an integration."""

import re

import pytest

from flowzz.accounts.models import StaffAction
from integrations.models import Integration
from integrations.monitoring.diagnosis import collect
from integrations.providers.coinzz import adapter
from integrations.secrets import field_encryption
from tests.sandbox.client import SandboxClient
from tests.staff import Staff, log_in_member


def url_of(integration: Integration) -> str:
    return f"/admin/integrations/integration/{integration.id}/diagnostico/"


def test_page_opens_without_calling_the_provider(
    staff: Staff, integration: Integration, coinzz: SandboxClient
) -> None:
    html = staff.get(url_of(integration)).content.decode()
    assert f'hx-post="{url_of(integration)}resultado/"' in html
    assert coinzz.control("GET", "stats")["accounts"] == {}


def test_every_check_returns_a_result_that_does_not_contain_the_key(
    staff: Staff, integration: Integration, coinzz: SandboxClient
) -> None:
    field_encryption.encrypt(integration, "api_key", key := coinzz.sandbox.api_key("4010"))
    integration.save()
    html = staff.post(f"{url_of(integration)}resultado/").content.decode()
    shown = re.findall(r'id="check-(\w+)" data-severity=', html)
    assert shown == ["chave", "api", "webhooks", "recusados", "fila", "sincronizacao", "relogios"]
    assert 'id="check-chave" data-severity="bad"' in html
    assert 'data-copy="#text-chave"' in html
    assert key not in html
    entry = StaffAction.objects.get()
    assert (entry.action, entry.details["Chave de API"]) == (
        "Fez o diagnóstico da integração",
        "Problema",
    )


def test_page_responds_while_the_provider_hangs(
    staff: Staff, integration: Integration, coinzz: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "DIAGNOSTIC_SECONDS", 0.6)
    monkeypatch.setattr(collect, "TIMEOUT_SECONDS", 0.1)
    field_encryption.encrypt(integration, "api_key", coinzz.sandbox.api_key("6000"))
    integration.save()
    html = staff.post(f"{url_of(integration)}resultado/").content.decode()
    assert 'id="check-api" data-severity="bad"' in html


def test_diagnosis_needs_permission_to_view_integrations(integration: Integration) -> None:
    browser = log_in_member()
    assert browser.get(url_of(integration)).status_code == 403
    assert browser.post(f"{url_of(integration)}resultado/").status_code == 403
    assert StaffAction.objects.count() == 0
