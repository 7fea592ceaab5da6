"""The actions on the page of one integration."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from flowzz.accounts.models import StaffAction
from flowzz.core.db.jobs import JobState
from integrations.admin.integrations.actions import ACTIONS
from integrations.admin.integrations.views import CHANGED_MEANWHILE
from integrations.models import Integration, IntegrationStatus, SyncRun, Trigger, WebhookToken
from integrations.secrets import field_encryption
from integrations.webhooks.signing_secrets import set_signing_secret
from integrations.webhooks.tokens import webhook_url
from tests.factories import IntegrationFactory, SyncRunFactory
from tests.integrations.admin.rows import API_KEY
from tests.staff import Staff, log_in_member, messages_in

REASON = {"reason": "atendimento 4711"}
SECRET = "um segredo bem comprido"


def url_of(integration: Integration) -> str:
    return f"/admin/integrations/integration/{integration.id}/"


def run_action(staff: Staff, integration: Integration, action: str, **answers: str) -> Any:
    response = staff.post(f"{url_of(integration)}acao/{action}/", answers)
    integration.refresh_from_db()
    return response


def logged() -> list[tuple[str, str]]:
    return list(StaffAction.objects.order_by("created_at").values_list("action", "reason"))


def offered(staff: Staff, integration: Integration) -> set[str]:
    html = staff.get(f"{url_of(integration)}change/").content.decode()
    return {name for name in ACTIONS if f"/acao/{name}/" in html}


@pytest.fixture
def integration(db: None) -> Integration:
    row = IntegrationFactory.create()
    field_encryption.encrypt(row, "api_key", API_KEY)
    row.save()
    return row


@pytest.mark.parametrize(
    ("action", "is_full"), [("sincronizar", False), ("sincronizar-tudo", True)]
)
def test_sync_is_requested(
    staff: Staff, integration: Integration, action: str, is_full: bool
) -> None:
    response = run_action(staff, integration, action)
    assert messages_in(response) == [f"{ACTIONS[action].log_text}."]
    run = SyncRun.objects.get()
    assert (run.trigger, run.is_full, run.state) == (Trigger.STAFF, is_full, JobState.QUEUED)
    assert logged() == [(ACTIONS[action].log_text, "")]


def test_failed_action_is_not_logged(staff: Staff) -> None:
    integration = SyncRunFactory.create().integration
    response = run_action(staff, integration, "sincronizar-tudo")
    assert messages_in(response) == ["Já há uma sincronização em andamento."]
    assert logged() == []


def test_active_run_is_cancelled(staff: Staff) -> None:
    run = SyncRunFactory.create()
    run_action(staff, run.integration, "cancelar-sincronizacao")
    run.refresh_from_db()
    assert (run.state, logged()) == (JobState.CANCELLED, [("Sincronização cancelada", "")])


def test_pause_and_resume(staff: Staff, integration: Integration) -> None:
    run_action(staff, integration, "pausar", **REASON)
    assert integration.is_paused
    assert "sincronizar" not in offered(staff, integration)
    run_action(staff, integration, "retomar")
    assert not integration.is_paused
    assert SyncRun.objects.get().state == JobState.QUEUED
    assert logged() == [("Integração pausada", REASON["reason"]), ("Integração retomada", "")]


def test_syncs_are_stopped_and_started_again_with_a_reason(
    staff: Staff, integration: Integration
) -> None:
    assert {"so-webhooks", "voltar-a-api"} & offered(staff, integration) == {"so-webhooks"}
    run_action(staff, integration, "so-webhooks")
    assert integration.mode == "api"  # no reason was given

    run_action(staff, integration, "so-webhooks", **REASON)

    assert integration.mode == "webhook"
    assert {"sincronizar", "sincronizar-tudo", "so-webhooks", "voltar-a-api"} & offered(
        staff, integration
    ) == {"voltar-a-api"}
    page = staff.get(f"{url_of(integration)}change/").content.decode()
    assert "Só webhooks: nada é sincronizado." in page
    assert "sincronizado até" not in page

    run_action(staff, integration, "voltar-a-api", **REASON)

    assert integration.mode == "api"
    assert SyncRun.objects.get().trigger == Trigger.INITIAL
    assert logged() == [
        ("Integração passou a usar só webhooks", REASON["reason"]),
        ("Integração voltou a sincronizar pela API", REASON["reason"]),
    ]


def test_integration_without_a_key_can_not_sync_again(staff: Staff) -> None:
    integration = IntegrationFactory.create(mode="webhook")
    assert "voltar-a-api" not in offered(staff, integration)


def test_disconnecting_deletes_the_key_after_a_reason_is_given(
    staff: Staff, integration: Integration
) -> None:
    confirmation = run_action(staff, integration, "desconectar")
    assert "A chave de API é apagada" in confirmation.content.decode()
    run_action(staff, integration, "desconectar", reason="cliente maria@exemplo.com.br pediu")
    assert (integration.status, logged()) == (IntegrationStatus.CONNECTED, [])
    run_action(staff, integration, "desconectar", **REASON)
    assert (integration.status, integration.api_key) == (IntegrationStatus.DISCONNECTED, "")
    entry = StaffAction.objects.get()
    assert (entry.action, entry.reason, entry.target_id) == (
        "Integração desconectada",
        REASON["reason"],
        str(integration.id),
    )
    assert "@" not in entry.target_label


def test_page_shows_the_grace_period_of_a_rotated_webhook_url(
    staff: Staff, integration: Integration
) -> None:
    before = webhook_url(integration)
    run_action(staff, integration, "trocar-endereco", **REASON)
    assert webhook_url(integration) != before
    old = WebhookToken.objects.get(expires_at__isnull=False)
    assert old.expires_at is not None
    assert old.expires_at > timezone.now() + timedelta(hours=23)
    html = staff.get(f"{url_of(integration)}change/").content.decode()
    assert "Endereço anterior: vale por mais 23" in html


def test_webhook_url_is_revealed_only_with_a_reason(staff: Staff, integration: Integration) -> None:
    url = webhook_url(integration)
    without_reason = run_action(staff, integration, "revelar-endereco")
    by_get = staff.get(f"{url_of(integration)}acao/revelar-endereco/?reason=sim")
    assert [url in page.content.decode() for page in (without_reason, by_get)] == [False, False]
    assert logged() == []
    response = run_action(staff, integration, "revelar-endereco", **REASON)
    assert url in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    entry = StaffAction.objects.get()
    assert (entry.action, entry.reason) == ("Endereço de webhook revelado", REASON["reason"])
    assert url.rsplit("/", 1)[1] not in f"{entry.details}{entry.target_label}"


def test_unreadable_webhook_url_and_secret_are_named_and_replaced(
    staff: Staff, integration: Integration
) -> None:
    webhook_url(integration)
    WebhookToken.objects.update(token="damaged")
    Integration.objects.update(signing_secret="damaged")
    advice = "O endereço de webhook não pode mais ser lido, embora ainda receba. Troque o endereço"
    assert advice in staff.get(f"{url_of(integration)}change/").content.decode()
    shown = run_action(staff, integration, "revelar-endereco", **REASON)
    assert (shown.status_code, advice in staff.get(shown.url).content.decode()) == (302, True)

    run_action(staff, integration, "trocar-endereco", **REASON)
    run_action(staff, integration, "trocar-segredo", secret="s" * 16, keep_previous="on", **REASON)

    assert webhook_url(integration)
    integration.refresh_from_db()
    assert field_encryption.decrypt(integration, "signing_secret") == "s" * 16
    assert advice not in staff.get(f"{url_of(integration)}change/").content.decode()


def test_generated_secret_is_shown_once_and_stored_encrypted(
    staff: Staff, integration: Integration
) -> None:
    response = run_action(staff, integration, "segredo", **REASON)
    secret = field_encryption.decrypt(integration, "signing_secret")
    assert len(secret) >= 43
    assert secret in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    assert secret not in integration.signing_secret
    assert secret not in staff.get(f"{url_of(integration)}change/").content.decode()
    entry = StaffAction.objects.get()
    assert secret not in str(entry.details) + entry.reason


def test_previous_secret_stays_valid_until_it_is_removed(
    staff: Staff, integration: Integration
) -> None:
    set_signing_secret(integration, "o primeiro segredo", keep_previous=False)
    response = run_action(
        staff, integration, "trocar-segredo", secret=SECRET, keep_previous="on", **REASON
    )
    assert response.status_code == 302
    assert field_encryption.decrypt(integration, "signing_secret") == SECRET
    assert field_encryption.decrypt(integration, "previous_signing_secret") == "o primeiro segredo"
    run_action(staff, integration, "encerrar-segredo-anterior", **REASON)
    assert (bool(integration.signing_secret), integration.previous_signing_secret) == (True, "")
    run_action(staff, integration, "remover-segredo", **REASON)
    assert integration.signing_secret == ""
    assert len(logged()) == 3


def test_first_secret_is_observed_until_staff_require_it(
    staff: Staff, integration: Integration
) -> None:
    run_action(staff, integration, "segredo", secret=SECRET, is_observed="on", **REASON)
    assert integration.signing_observed_since
    page = staff.get(f"{url_of(integration)}change/").content.decode()
    assert "Assinatura em observação desde" in page
    run_action(staff, integration, "trocar-segredo", secret=SECRET * 2, **REASON)
    assert integration.signing_observed_since

    run_action(staff, integration, "exigir-assinatura", **REASON)

    assert integration.signing_observed_since is None
    assert "Assinatura exigida." in staff.get(f"{url_of(integration)}change/").content.decode()
    assert (
        "não se aplica"
        in staff.get(f"{url_of(integration)}acao/exigir-assinatura/", follow=True).content.decode()
    )


def test_form_speaks_of_a_previous_secret_only_where_there_is_one(
    staff: Staff, integration: Integration
) -> None:
    def fields(name: str) -> list[str]:
        response = staff.get(f"{url_of(integration)}acao/{name}/")
        return list(response.context["form"].fields)

    assert fields("segredo") == ["secret", "is_observed", "reason"]
    set_signing_secret(integration, "o primeiro segredo")
    assert fields("trocar-segredo") == ["secret", "keep_previous", "reason"]


def test_typed_secret_is_not_rendered_again(staff: Staff, integration: Integration) -> None:
    response = run_action(staff, integration, "segredo", secret=SECRET, reason="")
    assert SECRET not in response.content.decode()
    assert integration.signing_secret == ""


def test_get_changes_nothing(staff: Staff, integration: Integration) -> None:
    statuses = {
        name: staff.get(f"{url_of(integration)}acao/{name}/").status_code for name in ACTIONS
    }
    assert statuses == {
        name: (200 if action.needs_confirmation else 405)
        if action.is_available(integration)
        else 302
        for name, action in ACTIONS.items()
    }
    assert logged() == []


@pytest.mark.parametrize("group", ["Suporte", "Operações"])
def test_group_decides_which_actions_are_offered_and_permitted(
    group: str, integration: Integration
) -> None:
    browser = log_in_member(group)
    is_operations = group == "Operações"
    assert offered(browser, integration) == (
        {name for name, action in ACTIONS.items() if action.is_available(integration)}
        if is_operations
        else set()
    )
    expected = 302 if is_operations else 403
    assert run_action(browser, integration, "desconectar", **REASON).status_code == expected
    assert (integration.status == IntegrationStatus.DISCONNECTED) == is_operations


def test_owner_email_is_changed_with_a_reason(staff: Staff, integration: Integration) -> None:
    run_action(staff, integration, "e-mail-na-plataforma", owner_email="loja@example.com", **REASON)
    assert integration.effective_owner_email == "loja@example.com"
    assert logged() == [("E-mail do(a) vendedor(a) na plataforma mudado", REASON["reason"])]


def test_second_click_does_not_replace_the_new_secret(
    staff: Staff, integration: Integration
) -> None:
    set_signing_secret(integration, "o segredo em uso")
    page = staff.get(f"{url_of(integration)}acao/trocar-segredo/")
    [(name, value)] = page.context["hidden_fields"]
    answers = {name: value, "keep_previous": "on", **REASON}
    run_action(staff, integration, "trocar-segredo", **answers)
    created = integration.signing_secret

    second = run_action(staff, integration, "trocar-segredo", **answers)

    assert messages_in(second) == [CHANGED_MEANWHILE]
    assert integration.signing_secret == created
    previous = field_encryption.decrypt(integration, "previous_signing_secret")
    assert previous == "o segredo em uso"
    assert len(logged()) == 1
