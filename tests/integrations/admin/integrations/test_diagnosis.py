"""The diagnosis on its page."""

import pytest
from django.test import Client as Browser

from flowzz.accounts.models import StaffAction, User
from integrations.models import Integration
from integrations.monitoring.diagnosis import CHECKS, collect
from integrations.providers.coinzz import adapter
from integrations.secrets import field_encryption
from tests.integrations.admin.conftest import Staff
from tests.sandbox.caller import Caller


def page_of(integration: Integration) -> str:
    return f"/admin/integrations/integration/{integration.id}/diagnostico/"


def test_page_opens_without_asking_anybody(
    staff: Staff, integration: Integration, coinzz: Caller
) -> None:
    shown = staff.get(page_of(integration)).content.decode()
    assert f'hx-post="{page_of(integration)}resultado/"' in shown
    assert coinzz.control("GET", "stats")["accounts"] == {}


def test_findings_are_all_there_traced_and_without_the_key(
    staff: Staff, integration: Integration, coinzz: Caller
) -> None:
    field_encryption.encrypt(integration, "api_key", key := coinzz.sandbox.api_key("4010"))
    integration.save()
    shown = staff.post(f"{page_of(integration)}resultado/").content.decode()
    assert [name for name in CHECKS if f'id="check-{name}" data-light=' not in shown] == []
    assert 'id="check-chave" data-light="bad"' in shown
    assert 'data-copy="#text-chave"' in shown
    assert key not in shown
    line = StaffAction.objects.get()
    assert (line.action, line.details["chave"]) == ("Fez o diagnóstico da integração", "bad")


def test_page_answers_though_the_provider_hangs(
    staff: Staff, integration: Integration, coinzz: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "DIAGNOSTIC_SECONDS", 0.6)
    monkeypatch.setattr(collect, "SECONDS", 0.1)
    field_encryption.encrypt(integration, "api_key", coinzz.sandbox.api_key("6000"))
    integration.save()
    shown = staff.post(f"{page_of(integration)}resultado/").content.decode()
    assert 'id="check-api" data-light="bad"' in shown


def test_who_sees_no_integrations_diagnoses_none(integration: Integration) -> None:
    browser = Browser()
    browser.force_login(User.objects.create_user("ninguem@flowzz.test", is_staff=True))
    assert browser.get(page_of(integration)).status_code == 403
    assert browser.post(f"{page_of(integration)}resultado/").status_code == 403
    assert StaffAction.objects.count() == 0
