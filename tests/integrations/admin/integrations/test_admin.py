"""The list of integrations and its actions."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from pytest_django.fixtures import Settings

from flowzz.accounts.models import StaffAction, User
from flowzz.backoffice.display import change_url
from flowzz.core.db.jobs import JobState
from integrations.models import Integration, IntegrationMode, SyncRun, Trigger
from integrations.secrets import field_encryption
from integrations.webhooks.tokens import webhook_url
from tests.factories import IntegrationFactory, SyncRunFactory, UserFactory
from tests.sandbox.client import SandboxClient
from tests.staff import Staff, log_in_member, messages_in

INTEGRATIONS = "/admin/integrations/integration/"
CONNECT = reverse_lazy("admin:integrations_integration_connect")
REASON = {"reason": "atendimento 4711"}
RESULT_ERROR = re.compile(r'class="field-last_sync_badge[^>]*>\s*<[^>]*>\s*erro')


def act(staff: Staff, action: str, integration: Integration) -> list[str]:
    chosen = {"action": action, "_selected_action": [str(integration.id)]}
    return messages_in(staff.post(INTEGRATIONS, chosen))


@pytest.mark.parametrize(
    ("action", "is_full", "message"),
    [
        ("start_sync", False, "Sincronização pedida."),
        ("start_full_sync", True, "Sincronização completa pedida."),
    ],
)
def test_staff_start_a_sync(staff: Staff, action: str, is_full: bool, message: str) -> None:
    integration = IntegrationFactory.create()
    assert act(staff, action, integration) == [f"{integration.user}: {message}"]
    run = SyncRun.objects.get()
    assert (run.trigger, run.is_full, run.state) == (Trigger.STAFF, is_full, JobState.QUEUED)


def test_list_shows_the_mode_and_no_error_of_syncs_in_webhook_mode(staff: Staff) -> None:
    failed = {"last_sync_status": "error", "last_sync_error": "HTML."}
    synced = IntegrationFactory.create(**failed)
    webhooks = IntegrationFactory.create(mode="webhook", **failed)
    cells = {
        mode: staff.get(INTEGRATIONS, {"modo": mode}).content.decode()
        for mode in ("api", "webhook")
    }

    assert [str(row.id) in cells["api"] for row in (synced, webhooks)] == [True, False]
    assert [str(row.id) in cells["webhook"] for row in (synced, webhooks)] == [False, True]
    assert RESULT_ERROR.search(cells["api"])
    assert not RESULT_ERROR.search(cells["webhook"])


def test_refused_key_is_connected_while_the_api_is_off(staff: Staff, settings: Settings) -> None:
    integration = IntegrationFactory.create(status="ERROR", last_sync_status="error")
    assert "saude=ruim" in (page := staff.get("/admin/").content.decode())
    settings.COINZZ_API_ENABLED = False

    listed = staff.get(INTEGRATIONS, {"modo": "webhook"}).content.decode()
    page = staff.get("/admin/").content.decode()

    assert str(integration.id) in listed
    assert not RESULT_ERROR.search(listed)
    assert "saúde 100" not in page  # nothing to correct
    assert "Desligada" in page


@pytest.mark.parametrize("mode", ["api", "webhook"])
def test_staff_connect_a_user(staff: Staff, coinzz: SandboxClient, mode: str) -> None:
    user = UserFactory.create()
    key = coinzz.sandbox.api_key() if mode == "api" else ""
    answers = {"email": user.email.upper(), "provider": "coinzz", "mode": mode}

    response = staff.post(CONNECT, answers | {"api_key": f' "{key}" ' if key else ""} | REASON)

    integration = Integration.objects.get()
    assert (integration.user, integration.mode, integration.is_connected) == (user, mode, True)
    assert field_encryption.decrypt(integration, "api_key") == key
    assert response.headers["Location"] == f"{INTEGRATIONS}{integration.id}/change/"
    entry = StaffAction.objects.get()
    assert (entry.action, entry.reason, entry.details) == (
        "Conectou a integração por quem vende",
        REASON["reason"],
        {"modo": IntegrationMode(mode).label},
    )


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"email": "ninguem@flowzz.test"}, "Não há usuário com este e-mail."),
        ({"mode": "webhook", "api_key": "8702|abc"}, "No modo só webhooks, deixe a chave vazia."),
        ({"api_key": "8702|abc"}, "Cole a chave inteira: ela tem de 20 a 500 caracteres."),
        ({"reason": ""}, "Este campo é obrigatório."),
        ({"account": "4010"}, "API key inválida. Verifique nas configurações do Coinzz."),
        ({"account": "2000"}, "Ou conecte só por webhooks."),
    ],
)
def test_connecting_a_user_shows_errors_and_never_the_key(
    staff: Staff, coinzz: SandboxClient, answers: dict[str, str], error: str
) -> None:
    key = coinzz.sandbox.api_key(answers.pop("account", "8702"))
    email = UserFactory.create().email
    form = {"email": email, "provider": "coinzz", "mode": "api", "api_key": key} | REASON

    page = staff.post(CONNECT, form | answers).content.decode()

    assert error in page
    assert key not in page
    assert not Integration.objects.exists()
    assert not StaffAction.objects.exists()


def test_full_sync_is_refused_while_another_runs(staff: Staff) -> None:
    integration = SyncRunFactory.create().integration
    messages = act(staff, "start_full_sync", integration)
    assert messages == [f"{integration.user}: Já há uma sincronização em andamento."]
    assert StaffAction.objects.count() == 0


def test_staff_cancel_a_sync(staff: Staff) -> None:
    run = SyncRunFactory.create()
    act(staff, "cancel_sync", run.integration)
    run.refresh_from_db()
    assert run.state == JobState.CANCELLED


def test_view_permission_does_not_permit_actions(staff: Staff) -> None:
    viewer = User.objects.create_user("consulta@flowzz.test", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_integration"))
    staff.force_login(viewer)
    integration = IntegrationFactory.create()
    assert staff.get(INTEGRATIONS).status_code == 200
    act(staff, "start_sync", integration)
    assert SyncRun.objects.count() == 0


def test_seller_can_not_open_the_back_office(staff: Staff) -> None:
    staff.force_login(User.objects.create_user("vendedora@flowzz.test"))
    assert staff.get(INTEGRATIONS).status_code == 302


def test_list_says_that_an_integration_is_paused(staff: Staff) -> None:
    IntegrationFactory.create(paused_at=timezone.now())
    page = staff.get(reverse("admin:integrations_integration_changelist")).content.decode()
    assert "conectado, pausada" in page


def test_url_that_the_seller_sent_is_shown_without_what_may_be_secret(db: None) -> None:
    integration = IntegrationFactory.create()
    url = webhook_url(integration)
    integration.custom_webhook_url = url.replace("://", "://loja:segredo@")
    integration.save()

    page = log_in_member("Suporte").get(change_url(integration)).content.decode()

    assert f"{url.partition('/webhooks/')[0]}/…" in page
    assert [part in page for part in (url.rpartition("/")[2], "segredo@")] == [False, False]
