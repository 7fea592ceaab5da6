"""The actions that staff run on one integration."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.conf import settings

from flowzz.backoffice.confirm_with_reason import ReasonForm
from integrations import connection, modes
from integrations.admin.integrations.forms import ChangedSecretForm, FirstSecretForm, OwnerEmailForm
from integrations.models import Integration, IntegrationMode, IntegrationStatus, Trigger
from integrations.sync import runs
from integrations.webhooks import signing_secrets, tokens

RUN_SYNCS, MANAGE, REVEAL = "run_syncs", "manage_connections", "reveal_webhook_urls"
SECRET_BYTES = 32

FormValues: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationAction:
    """A button of an integration's page.

    An action with `consequences` is confirmed with a reason first. `log_text` is both the entry in
    the audit log and the success message.
    """

    label: str
    icon: str
    permission: str = MANAGE
    log_text: str
    run: Callable[[Integration, FormValues], str | None]
    """Returns a secret to show once, under `result_heading`, if any. Raises IntegrationError."""
    is_available: Callable[[Integration], bool] = lambda _: True
    consequences: tuple[str, ...] = ()
    form: type[ReasonForm] = ReasonForm
    is_destructive: bool = False
    state: Callable[[Integration], str] = lambda _: ""
    """Returns what must still be so when the page is posted: a second click acts no second time."""
    result_heading: str = ""
    result_advice: str = ""

    @property
    def needs_confirmation(self) -> bool:
        return bool(self.consequences)


def _request_sync(integration: Integration, _: FormValues) -> None:
    runs.request_run(integration, Trigger.STAFF)


def _request_full_sync(integration: Integration, _: FormValues) -> None:
    runs.request_run(integration, Trigger.STAFF, is_full=True)


def _cancel_runs(integration: Integration, _: FormValues) -> None:
    runs.cancel(integration.runs.all())


def _set_signing_secret(integration: Integration, values: FormValues) -> str | None:
    """Set the secret. Returns a generated one, to be shown; a typed one is known already."""
    typed: str = values["secret"]
    secret = typed or secrets.token_urlsafe(SECRET_BYTES)
    signing_secrets.set_signing_secret(
        integration,
        secret,
        keep_previous=values.get("keep_previous", False),
        is_observed=values.get("is_observed", _is_observed(integration)),
    )
    return None if typed else secret


def _is_observed(integration: Integration) -> bool:
    return integration.signing_observed_since is not None


def _secret_in_use(integration: Integration) -> str:
    """Return another text for each secret that is set."""
    return hashlib.sha256(integration.signing_secret.encode()).hexdigest()[:16]


def _can_sync(integration: Integration) -> bool:
    is_synced = integration.is_connected and modes.uses_api(integration)
    return is_synced and not integration.is_paused


def _can_stop_syncs(integration: Integration) -> bool:
    is_connected = integration.status in (IntegrationStatus.CONNECTED, IntegrationStatus.ERROR)
    return is_connected and integration.mode == IntegrationMode.API


def _can_sync_again(integration: Integration) -> bool:
    has_key = integration.is_connected and bool(integration.api_key)
    return has_key and integration.mode == IntegrationMode.WEBHOOK


def _is_in_use(integration: Integration) -> bool:
    return integration.status != IntegrationStatus.DISCONNECTED


_SHOWN_ONCE = "Copie o segredo agora: ele não é mostrado de novo"
_GRACE_HOURS = round(settings.WEBHOOK_TOKEN_GRACE.total_seconds() / 3600)

ACTIONS: dict[str, IntegrationAction] = {
    "sincronizar": IntegrationAction(
        label="Sincronizar",
        icon="sync",
        permission=RUN_SYNCS,
        log_text="Sincronização pedida",
        run=_request_sync,
        is_available=_can_sync,
    ),
    "sincronizar-tudo": IntegrationAction(
        label="Sincronizar tudo",
        icon="history",
        permission=RUN_SYNCS,
        log_text="Sincronização completa pedida",
        run=_request_full_sync,
        is_available=_can_sync,
    ),
    "cancelar-sincronizacao": IntegrationAction(
        label="Cancelar sincronização",
        icon="cancel",
        permission=RUN_SYNCS,
        log_text="Sincronização cancelada",
        run=_cancel_runs,
        is_available=runs.is_under_way,
    ),
    "so-webhooks": IntegrationAction(
        label="Usar só webhooks",
        icon="sync_disabled",
        log_text="Integração passou a usar só webhooks",
        run=lambda integration, _: connection.stop_syncs(integration),
        is_available=_can_stop_syncs,
        consequences=(
            "Nenhuma sincronização é feita, e nada sobre a chave ou a API conta como problema.",
            "As vendas chegam pelos webhooks; as antigas entram por um arquivo, em Importações.",
            "A chave, os dados e o endereço de webhook ficam. Uma vez por dia a API é testada; se "
            "ela responder, quem vende recebe um aviso.",
        ),
    ),
    "voltar-a-api": IntegrationAction(
        label="Voltar a sincronizar pela API",
        icon="sync",
        log_text="Integração voltou a sincronizar pela API",
        run=lambda integration, _: connection.sync_again(integration),
        is_available=_can_sync_again,
        consequences=(
            "Uma sincronização começa agora, com a chave guardada, e depois de hora em hora.",
            "Falhas de sincronização voltam a abrir alertas, e quem vende os recebe por e-mail.",
        ),
    ),
    "pausar": IntegrationAction(
        label="Pausar",
        icon="pause_circle",
        log_text="Integração pausada",
        run=lambda integration, _: connection.pause(integration),
        is_available=lambda integration: _is_in_use(integration) and not integration.is_paused,
        consequences=(
            "Os webhooks continuam sendo recebidos e guardados, mas esperam sem ser processados.",
            "A sincronização em andamento é cancelada e nenhuma começa; o cursor não se move.",
            "Nada se perde: ao retomar, tudo o que esperou é processado na ordem de chegada.",
        ),
    ),
    "retomar": IntegrationAction(
        label="Retomar",
        icon="play_circle",
        log_text="Integração retomada",
        run=lambda integration, _: connection.resume(integration),
        is_available=lambda integration: integration.is_paused,
    ),
    "revelar-endereco": IntegrationAction(
        label="Revelar endereço de webhook",
        icon="visibility",
        permission=REVEAL,
        log_text="Endereço de webhook revelado",
        run=lambda integration, _: tokens.webhook_url(integration),
        consequences=(
            "Com o endereço se podem enviar vendas em nome desta conta: passe-o só a quem vende.",
            "Quem revelou, quando e por quê fica no registro de ações.",
        ),
        result_heading="Endereço de webhook desta conta",
        result_advice="Ele vai em cada postback, na plataforma. Passe-o só a quem vende; se foi "
        "parar com outra pessoa, troque o endereço.",
    ),
    "trocar-endereco": IntegrationAction(
        label="Trocar endereço de webhook",
        icon="link",
        log_text="Endereço de webhook trocado",
        run=lambda integration, _: tokens.rotate_token(integration),
        is_available=_is_in_use,
        consequences=(
            f"O endereço em uso ainda vale por {_GRACE_HOURS} h; depois disso responde 404.",
            "Quem vende precisa colocar o endereço novo em cada postback até lá.",
        ),
        is_destructive=True,
    ),
    "e-mail-na-plataforma": IntegrationAction(
        label="Mudar e-mail na plataforma",
        icon="badge",
        log_text="E-mail do(a) vendedor(a) na plataforma mudado",
        run=lambda integration, values: connection.set_owner_email(
            integration, values["owner_email"]
        ),
        consequences=(
            "A comissão de cada venda passa a ser a de quem tem este e-mail nela: produtor, "
            "afiliado ou coprodutor.",
            "As vendas já recebidas são recalculadas em segundo plano.",
        ),
        form=OwnerEmailForm,
    ),
    "segredo": IntegrationAction(
        label="Definir segredo de assinatura",
        icon="key",
        log_text="Segredo de assinatura definido",
        run=_set_signing_secret,
        is_available=lambda integration: _is_in_use(integration) and not integration.signing_secret,
        consequences=(
            "Em observação, tudo continua a ser aceito, e o Flowzz conta o que seria recusado.",
            "Sem observação, webhooks sem assinatura válida são recusados (401) e não são "
            "guardados.",
            "O segredo é guardado cifrado e não pode ser visto de novo.",
        ),
        form=FirstSecretForm,
        result_heading=_SHOWN_ONCE,
        result_advice="Coloque-o na plataforma, no campo do segredo de assinatura do webhook. "
        "Quando nada mais seria recusado, passe a exigir a assinatura na página da integração.",
    ),
    "exigir-assinatura": IntegrationAction(
        label="Exigir a assinatura",
        icon="verified_user",
        log_text="Assinatura passou a ser exigida",
        run=lambda integration, _: signing_secrets.enforce_signatures(integration),
        is_available=_is_observed,
        consequences=(
            "Webhooks sem assinatura válida passam a ser recusados (401) e não são guardados.",
        ),
    ),
    "trocar-segredo": IntegrationAction(
        label="Trocar segredo de assinatura",
        icon="key",
        log_text="Segredo de assinatura trocado",
        run=_set_signing_secret,
        is_available=lambda integration: (
            _is_in_use(integration) and bool(integration.signing_secret)
        ),
        consequences=("O segredo é guardado cifrado e não pode ser visto de novo.",),
        form=ChangedSecretForm,
        state=_secret_in_use,
        result_heading=_SHOWN_ONCE,
        result_advice="Coloque-o na plataforma, no campo do segredo de assinatura do webhook. "
        "Depois que ela passar a assinar com ele, encerre o segredo anterior na página da "
        "integração.",
    ),
    "encerrar-segredo-anterior": IntegrationAction(
        label="Encerrar segredo anterior",
        icon="key_off",
        log_text="Segredo anterior encerrado",
        run=lambda integration, _: signing_secrets.remove_previous_signing_secret(integration),
        is_available=lambda integration: bool(integration.previous_signing_secret),
        consequences=("Só o que vier assinado com o segredo novo passa a ser aceito.",),
    ),
    "remover-segredo": IntegrationAction(
        label="Remover segredo de assinatura",
        icon="no_encryption",
        log_text="Segredo de assinatura removido",
        run=lambda integration, _: signing_secrets.set_signing_secret(integration, ""),
        is_available=lambda integration: bool(integration.signing_secret),
        consequences=("Quem conhecer o endereço poderá enviar webhooks sem assinatura.",),
        is_destructive=True,
    ),
    "desconectar": IntegrationAction(
        label="Desconectar",
        icon="link_off",
        log_text="Integração desconectada",
        run=lambda integration, _: connection.disconnect(integration),
        is_available=_is_in_use,
        consequences=(
            "A chave de API é apagada, e nada mais é sincronizado.",
            "Webhooks que chegarem são guardados, mas não aplicados.",
            "O que já foi recebido fica. Para voltar, basta conectar de novo.",
        ),
        is_destructive=True,
    ),
}
"""The actions by their name in the URL, in the order of the buttons."""
