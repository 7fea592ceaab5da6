"""What staff can do with one integration: the buttons, what they ask first, what they say."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from django import forms
from django.conf import settings
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanWidget

from flowzz.backoffice.confirm_with_reason import ReasonForm
from integrations import connection
from integrations.models import Integration, IntegrationStatus, Trigger
from integrations.sync import runs
from integrations.webhooks import tokens

RUN_SYNCS, MANAGE, REVEAL = "run_syncs", "manage_connections", "reveal_webhook_urls"
SECRET_BYTES = 32
SHORTEST_SECRET = 16

Answers: TypeAlias = Mapping[str, Any]


class SecretForm(ReasonForm):
    secret = forms.CharField(
        label="Segredo",
        required=False,
        min_length=SHORTEST_SECRET,
        max_length=200,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Deixe vazio para que o Flowzz crie um; ele é mostrado uma única vez.",
    )
    keep_previous = forms.BooleanField(
        label="Aceitar também o segredo em uso",
        required=False,
        initial=True,
        widget=UnfoldBooleanWidget,
        help_text="Até a plataforma passar a assinar com o novo; depois, encerre o anterior.",
    )
    field_order = ("secret", "keep_previous", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationAction:
    """One thing to do. Where it has `consequences`, they are shown and a reason is asked first."""

    label: str
    icon: str
    permission: str
    done: str
    act: Callable[[Integration, Answers], str | None]
    """Returns what is to be shown once and never again. Raises IntegrationError."""
    is_offered: Callable[[Integration], bool]
    consequences: tuple[str, ...] = ()
    form: type[ReasonForm] = ReasonForm
    is_harmful: bool = False
    heading: str = ""
    """Over what is shown once, and what to do with it: `advice`."""
    advice: str = ""

    @property
    def asks(self) -> bool:
        return bool(self.consequences)


def _sync(integration: Integration, _: Answers) -> None:
    runs.request_run(integration, Trigger.STAFF)


def _sync_all(integration: Integration, _: Answers) -> None:
    runs.request_run(integration, Trigger.STAFF, is_full=True)


def _cancel(integration: Integration, _: Answers) -> None:
    runs.cancel_runs(integration)


def _set_secret(integration: Integration, answers: Answers) -> str | None:
    """A secret that somebody typed is known to them; one of ours has to be shown."""
    typed: str = answers["secret"]
    secret = typed or secrets.token_urlsafe(SECRET_BYTES)
    connection.set_signing_secret(integration, secret, keep_previous=answers["keep_previous"])
    return None if typed else secret


def _can_sync(integration: Integration) -> bool:
    return integration.is_connected and not integration.is_paused


def _is_in_use(integration: Integration) -> bool:
    return integration.status != IntegrationStatus.DISCONNECTED


_GRACE = round(settings.WEBHOOK_TOKEN_GRACE.total_seconds() / 3600)

DEEDS: dict[str, IntegrationAction] = {
    "sincronizar": IntegrationAction(
        label="Sincronizar",
        icon="sync",
        permission=RUN_SYNCS,
        done="Sincronização pedida",
        act=_sync,
        is_offered=_can_sync,
    ),
    "sincronizar-tudo": IntegrationAction(
        label="Sincronizar tudo",
        icon="history",
        permission=RUN_SYNCS,
        done="Sincronização completa pedida",
        act=_sync_all,
        is_offered=_can_sync,
    ),
    "cancelar-sincronizacao": IntegrationAction(
        label="Cancelar sincronização",
        icon="cancel",
        permission=RUN_SYNCS,
        done="Sincronização cancelada",
        act=_cancel,
        is_offered=runs.is_under_way,
    ),
    "pausar": IntegrationAction(
        label="Pausar",
        icon="pause_circle",
        permission=MANAGE,
        done="Integração pausada",
        act=lambda integration, _: connection.pause(integration),
        is_offered=lambda integration: _is_in_use(integration) and not integration.is_paused,
        consequences=(
            "Os webhooks continuam sendo recebidos e guardados, mas esperam sem ser processados.",
            "A sincronização em andamento é cancelada e nenhuma começa; o cursor não se move.",
            "Nada se perde: ao retomar, tudo o que esperou é processado na ordem de chegada.",
        ),
    ),
    "retomar": IntegrationAction(
        label="Retomar",
        icon="play_circle",
        permission=MANAGE,
        done="Integração retomada",
        act=lambda integration, _: connection.resume(integration),
        is_offered=lambda integration: integration.is_paused,
    ),
    "revelar-endereco": IntegrationAction(
        label="Revelar endereço de webhook",
        icon="visibility",
        permission=REVEAL,
        done="Endereço de webhook revelado",
        act=lambda integration, _: tokens.webhook_url(integration),
        is_offered=lambda _: True,
        consequences=(
            "Quem conhece o endereço pode enviar vendas em nome deste cliente: passe-o só a ele.",
            "Quem revelou, quando e por quê fica no registro de ações.",
        ),
        heading="Endereço de webhook deste cliente",
        advice="O cliente o coloca em cada postback, na plataforma. Passe-o só a ele; se foi "
        "parar com outra pessoa, troque o endereço.",
    ),
    "trocar-endereco": IntegrationAction(
        label="Trocar endereço de webhook",
        icon="link",
        permission=MANAGE,
        done="Endereço de webhook trocado",
        act=lambda integration, _: tokens.rotate_token(integration),
        is_offered=_is_in_use,
        consequences=(
            f"O endereço em uso ainda vale por {_GRACE} h; depois disso responde 404.",
            "O cliente precisa colocar o endereço novo em cada postback até lá.",
        ),
        is_harmful=True,
    ),
    "segredo": IntegrationAction(
        label="Definir segredo de assinatura",
        icon="key",
        permission=MANAGE,
        done="Segredo de assinatura definido",
        act=_set_secret,
        is_offered=_is_in_use,
        consequences=(
            "Webhooks sem assinatura válida passam a ser recusados (401) e não são guardados.",
            "O segredo é guardado cifrado e não pode ser visto de novo.",
        ),
        form=SecretForm,
        heading="Copie o segredo agora: ele não é mostrado de novo",
        advice="Coloque-o na plataforma, no campo do segredo de assinatura do webhook. Depois "
        "que ela passar a assinar com ele, encerre o segredo anterior na página da integração.",
    ),
    "encerrar-segredo-anterior": IntegrationAction(
        label="Encerrar segredo anterior",
        icon="key_off",
        permission=MANAGE,
        done="Segredo anterior encerrado",
        act=lambda integration, _: connection.forget_previous_secret(integration),
        is_offered=lambda integration: bool(integration.previous_signing_secret),
        consequences=("Só o que vier assinado com o segredo novo passa a ser aceito.",),
    ),
    "remover-segredo": IntegrationAction(
        label="Remover segredo de assinatura",
        icon="no_encryption",
        permission=MANAGE,
        done="Segredo de assinatura removido",
        act=lambda integration, _: connection.set_signing_secret(
            integration, "", keep_previous=False
        ),
        is_offered=lambda integration: bool(integration.signing_secret),
        consequences=("Qualquer um que conheça o endereço pode enviar webhooks sem assinatura.",),
        is_harmful=True,
    ),
    "desconectar": IntegrationAction(
        label="Desconectar",
        icon="link_off",
        permission=MANAGE,
        done="Integração desconectada",
        act=lambda integration, _: connection.disconnect(integration),
        is_offered=_is_in_use,
        consequences=(
            "A chave de API é esquecida e nada mais é sincronizado.",
            "Webhooks que chegarem são guardados, mas não aplicados.",
            "O que já foi recebido fica. Para voltar, o cliente conecta de novo com a chave.",
        ),
        is_harmful=True,
    ),
}
"""By the name in its address, in the order of the buttons."""
