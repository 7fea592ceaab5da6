"""The page of one integration: what it shows, its buttons, their questions and their lines."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from flowzz.accounts.models import StaffAction, User
from flowzz.core.db.jobs import JobState
from integrations.admin.integrations.actions import DEEDS
from integrations.connection import pause, set_signing_secret
from integrations.models import (
    HourlyWebhookCount,
    Integration,
    IntegrationStatus,
    SyncRun,
    Trigger,
    WebhookToken,
)
from integrations.secrets import field_encryption
from integrations.webhooks.tokens import rotate_token, webhook_url
from tests.factories import IntegrationFactory, SyncRunFactory
from tests.integrations.admin.conftest import Staff
from tests.integrations.admin.events.test_admin import told
from tests.integrations.admin.rows import API_KEY, make_event, make_rows

WHY = {"reason": "atendimento 4711"}
SECRET = "um segredo bem comprido"


def page_of(integration: Integration) -> str:
    return f"/admin/integrations/integration/{integration.id}/"


def do(staff: Browser, integration: Integration, deed: str, **answers: str) -> Any:
    response = staff.post(f"{page_of(integration)}acao/{deed}/", answers)
    integration.refresh_from_db()
    return response


def lines() -> list[tuple[str, str]]:
    return list(StaffAction.objects.order_by("at").values_list("action", "reason"))


def offered(staff: Browser, integration: Integration) -> set[str]:
    shown = staff.get(f"{page_of(integration)}change/").content.decode()
    return {name for name in DEEDS if f"/acao/{name}/" in shown}


@pytest.fixture
def integration(db: None) -> Integration:
    row = IntegrationFactory.create()
    field_encryption.encrypt(row, "api_key", API_KEY)
    row.save()
    return row


@pytest.mark.parametrize(("deed", "is_full"), [("sincronizar", False), ("sincronizar-tudo", True)])
def test_sync_is_asked_for(
    staff: Staff, integration: Integration, deed: str, is_full: bool
) -> None:
    assert told(do(staff, integration, deed)) == [f"{DEEDS[deed].done}."]
    run = SyncRun.objects.get()
    assert (run.trigger, run.is_full, run.state) == (Trigger.STAFF, is_full, JobState.QUEUED)
    assert lines() == [(DEEDS[deed].done, "")]


def test_what_can_not_be_done_leaves_no_line(staff: Staff) -> None:
    integration = SyncRunFactory.create().integration
    said = told(do(staff, integration, "sincronizar-tudo"))
    assert said == ["Já há uma sincronização em andamento."]
    assert lines() == []


def test_run_under_way_is_cancelled(staff: Staff) -> None:
    run = SyncRunFactory.create()
    do(staff, run.integration, "cancelar-sincronizacao")
    run.refresh_from_db()
    assert (run.state, lines()) == (JobState.CANCELLED, [("Sincronização cancelada", "")])


def test_pause_and_resume(staff: Staff, integration: Integration) -> None:
    do(staff, integration, "pausar", **WHY)
    assert integration.is_paused
    assert "sincronizar" not in offered(staff, integration)
    do(staff, integration, "retomar")
    assert not integration.is_paused
    assert SyncRun.objects.get().state == JobState.QUEUED
    assert lines() == [("Integração pausada", WHY["reason"]), ("Integração retomada", "")]


def test_disconnecting_forgets_the_key_once_a_reason_is_given(
    staff: Staff, integration: Integration
) -> None:
    asked = do(staff, integration, "desconectar")
    assert "A chave de API é esquecida" in asked.content.decode()
    do(staff, integration, "desconectar", reason="cliente maria@exemplo.com.br pediu")
    assert (integration.status, lines()) == (IntegrationStatus.CONNECTED, [])
    do(staff, integration, "desconectar", **WHY)
    assert (integration.status, integration.api_key) == (IntegrationStatus.DISCONNECTED, "")
    line = StaffAction.objects.get()
    assert (line.action, line.reason, line.target_id) == (
        "Integração desconectada",
        WHY["reason"],
        str(integration.id),
    )
    assert "@" not in line.target_label


def test_old_address_works_on_after_a_rotation_and_its_grace_is_shown(
    staff: Staff, integration: Integration
) -> None:
    before = webhook_url(integration)
    do(staff, integration, "trocar-endereco", **WHY)
    assert webhook_url(integration) != before
    old = WebhookToken.objects.get(expires_at__isnull=False)
    assert old.expires_at is not None
    assert old.expires_at > timezone.now() + timedelta(hours=23)
    assert (
        "Endereço anterior: vale por mais 23"
        in staff.get(f"{page_of(integration)}change/").content.decode()
    )


def test_address_is_revealed_for_a_reason_and_only_then(
    staff: Staff, integration: Integration
) -> None:
    url = webhook_url(integration)
    asked = do(staff, integration, "revelar-endereco")
    read = staff.get(f"{page_of(integration)}acao/revelar-endereco/?reason=sim")
    assert [url in page.content.decode() for page in (asked, read)] == [False, False]
    assert lines() == []
    response = do(staff, integration, "revelar-endereco", **WHY)
    assert url in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    line = StaffAction.objects.get()
    assert (line.action, line.reason) == ("Endereço de webhook revelado", WHY["reason"])
    assert url.rsplit("/", 1)[1] not in f"{line.details}{line.target_label}"


def test_secret_of_ours_is_shown_once_and_kept_encrypted(
    staff: Staff, integration: Integration
) -> None:
    response = do(staff, integration, "segredo", **WHY)
    secret = field_encryption.decrypt(integration, "signing_secret")
    assert len(secret) >= 43
    assert secret in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    assert secret not in integration.signing_secret
    assert secret not in staff.get(f"{page_of(integration)}change/").content.decode()
    assert [secret in str(line.details) + line.reason for line in StaffAction.objects.all()] == [
        False
    ]


def test_two_secrets_hold_while_one_is_changed(staff: Staff, integration: Integration) -> None:
    set_signing_secret(integration, "o primeiro segredo", keep_previous=False)
    response = do(staff, integration, "segredo", secret=SECRET, keep_previous="on", **WHY)
    assert response.status_code == 302
    assert field_encryption.decrypt(integration, "signing_secret") == SECRET
    assert field_encryption.decrypt(integration, "previous_signing_secret") == "o primeiro segredo"
    do(staff, integration, "encerrar-segredo-anterior", **WHY)
    assert (bool(integration.signing_secret), integration.previous_signing_secret) == (True, "")
    do(staff, integration, "remover-segredo", **WHY)
    assert integration.signing_secret == ""
    assert len(lines()) == 3


def test_a_typed_secret_is_not_sent_back(staff: Staff, integration: Integration) -> None:
    response = do(staff, integration, "segredo", secret=SECRET, reason="")
    assert SECRET not in response.content.decode()
    assert integration.signing_secret == ""


def test_a_look_changes_nothing(staff: Staff, integration: Integration) -> None:
    statuses = {
        name: staff.get(f"{page_of(integration)}acao/{name}/").status_code for name in DEEDS
    }
    assert statuses == {
        name: 302 if not deed.is_offered(integration) else 200 if deed.asks else 405
        for name, deed in DEEDS.items()
    }
    assert lines() == []


@pytest.mark.parametrize("group", ["Suporte", "Operações"])
def test_buttons_and_deeds_are_those_of_the_group(group: str, integration: Integration) -> None:
    user = User.objects.create_user("equipe@flowzz.test", is_staff=True)
    user.groups.set(Group.objects.filter(name=group))
    browser = Browser()
    browser.force_login(user)
    is_operations = group == "Operações"
    assert offered(browser, integration) == (
        {name for name, deed in DEEDS.items() if deed.is_offered(integration)}
        if is_operations
        else set()
    )
    expected = 302 if is_operations else 403
    assert do(browser, integration, "desconectar", **WHY).status_code == expected
    assert (integration.status == IntegrationStatus.DISCONNECTED) == is_operations


def test_page_shows_all_at_one_look_whatever_its_history(staff: Staff) -> None:
    make_rows(1)
    integration = Integration.objects.get()
    page = f"{page_of(integration)}change/"
    staff.get(page)
    with CaptureQueriesContext(connection) as few:
        staff.get(page)
    for number in range(12):
        make_event(integration, f"ord{number}")
        SyncRunFactory.create(integration=integration, state=JobState.SUCCEEDED)
    rotate_token(integration)
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    HourlyWebhookCount.objects.create(integration=integration, hour=hour, events=12)
    pause(integration)
    with CaptureQueriesContext(connection) as many:
        shown = staff.get(page).content.decode()
    assert len(many) == len(few) <= 20
    assert "Últimas 24 horas: 12 webhooks, no máximo 12 em uma hora" in shown
    assert "A integração está pausada" in shown
    assert str(integration.user) in shown
