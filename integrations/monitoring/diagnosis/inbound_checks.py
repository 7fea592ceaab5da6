"""Checks of what has arrived: webhooks, their events, imports, syncs."""

from datetime import timedelta

from flowzz.core.formatting import format_count
from integrations.models import ImportState, IntegrationStatus
from integrations.monitoring import refusals
from integrations.monitoring.baseline import is_unusual_silence
from integrations.monitoring.diagnosis.check_types import CheckResult, DiagnosisInputs, Severity
from integrations.monitoring.health import QUEUE_LATE, SYNC_LATE

QUIET_AFTER = timedelta(days=7)
FIRST_WEBHOOK_WITHIN = timedelta(hours=24)


def webhook(inputs: DiagnosisInputs) -> CheckResult:
    received_at, label = inputs.last_webhook_at, inputs.label
    if inputs.status == IntegrationStatus.DISCONNECTED:
        return CheckResult(
            Severity.RED,
            "A integração está desconectada: o que chega é guardado, e não é aplicado.",
            "Peça a quem vende que conecte de novo; depois reprocesse, em Eventos, o que chegou.",
            f"Olá! Sua integração com o {label} está desconectada. Abra Integrações no Flowzz e "
            "conecte de novo.",
        )
    advice = _where_to_look(inputs), _ask_for_webhooks(inputs)
    if received_at is None:
        waiting = inputs.now - (inputs.connected_at or inputs.now)
        severity = Severity.RED if waiting > FIRST_WEBHOOK_WITHIN else Severity.YELLOW
        return CheckResult(severity, "Nenhum webhook chegou até hoje.", *advice)
    message = f"O último chegou {inputs.ago(received_at)}"
    if inputs.hourly_rates and is_unusual_silence(inputs.hourly_rates, received_at, inputs.now):
        message += ", muito mais tempo do que de costume para este horário e dia."
        return CheckResult(Severity.RED, message, *advice)
    if inputs.now - received_at > QUIET_AFTER:
        return CheckResult(Severity.YELLOW, f"{message}.", *advice)
    return CheckResult(Severity.GREEN, f"{message}.")


def _where_to_look(inputs: DiagnosisInputs) -> str:
    """Return what staff check, and why webhooks may be refused by us."""
    steps = [
        f"Confira com quem vende, no {inputs.label}, se o postback de cada produto está ativo e "
        "aponta para o endereço mostrado na página da integração."
    ]
    if inputs.requires_signature:
        steps.append("Confira também se o segredo de assinatura é o mesmo nos dois lados.")
    if not inputs.accepts_without_token:
        steps.append(
            "Os endereços antigos, sem o código secreto no fim, estão desligados aqui e respondem "
            "404 (WEBHOOK_WITHOUT_TOKEN)."
        )
    elif inputs.is_unrouted_full:
        steps.append(
            "Os endereços antigos, sem o código secreto no fim, estão cheios e respondem 429: "
            "atribua ou descarte os eventos sem integração."
        )
    return " ".join(steps)


def _ask_for_webhooks(inputs: DiagnosisInputs) -> str:
    """Return the message with which staff ask the seller to check the platform's settings."""
    missing = (
        "são buscadas pela sincronização"
        if inputs.uses_api
        else "entram por um arquivo, em Importar vendas"
    )
    return (
        f"Olá! Não estamos recebendo os avisos (postback) do {inputs.label}. Por favor confira, no "
        f"{inputs.label}, se o postback de cada produto está ativo e usa o endereço que aparece na "
        f"página de integrações do Flowzz. As vendas que faltarem {missing}."
    )


def refused(inputs: DiagnosisInputs) -> CheckResult:
    if found := refusals.refused_only(inputs.refused):
        last_at = max(total.last_at for total in found)
        advice = refusals.seller_advice(found)
        return CheckResult(
            Severity.RED,
            f"Nas últimas 24 horas, {refusals.describe(found)}. O último, {inputs.ago(last_at)}. "
            "Não foram guardados.",
            refusals.staff_advice(found),
            f"Olá! Estamos recusando avisos de venda que chegam para você. {advice}",
        )
    if inputs.signing_observed_since is None:
        return CheckResult(Severity.GREEN, "Nenhum nas últimas 24 horas.")
    observing = f"A assinatura está em observação {inputs.ago(inputs.signing_observed_since)}"
    if observed := sum(total.count for total in inputs.refused):
        number = format_count(observed, "webhook seria recusado", "webhooks seriam recusados")
        return CheckResult(
            Severity.YELLOW,
            f"{observing}: nas últimas 24 horas, {number}.",
            "Confira se o segredo é o mesmo nos dois lados, antes de exigir a assinatura.",
        )
    return CheckResult(
        Severity.YELLOW,
        f"{observing}, e nada seria recusado nas últimas 24 horas.",
        "Se chegaram webhooks nesse tempo, passe a exigir a assinatura na página da integração.",
    )


def queue(inputs: DiagnosisInputs) -> CheckResult:
    customer_message = (
        "Olá! Suas vendas foram recebidas e estão guardadas; o processamento está atrasado e já "
        "estamos cuidando disso. Nada se perde."
    )
    if not inputs.has_workers:
        return CheckResult(
            Severity.RED,
            "Nenhum processo de trabalho (worker) deu sinal de vida nos últimos 2 minutos.",
            "Avise a equipe técnica: veja /health/workers. Os eventos ficam guardados até lá.",
            customer_message,
        )
    if inputs.paused_at:
        return CheckResult(
            Severity.YELLOW,
            f"A integração está pausada {inputs.ago(inputs.paused_at)}: o que chega fica guardado.",
            "Retome a integração quando o motivo da pausa tiver passado.",
            "Olá! Sua integração está pausada pela nossa equipe. O que chega fica guardado e é "
            "processado assim que ela for retomada.",
        )
    if inputs.due_since and inputs.now - inputs.due_since > QUEUE_LATE:
        return CheckResult(
            Severity.RED,
            f"Há eventos esperando {inputs.ago(inputs.due_since)}.",
            "Avise a equipe técnica: os workers estão ocupados ou com falha. Veja em Eventos os "
            "pendentes desta integração.",
            customer_message,
        )
    if inputs.quarantined:
        return CheckResult(
            Severity.YELLOW,
            f"{format_count(inputs.quarantined, 'evento', 'eventos')} em quarentena.",
            "Abra os eventos em quarentena desta integração, veja a causa e reprocesse ou "
            "descarte.",
            "Olá! Alguns avisos de venda chegaram de um jeito que não reconhecemos. Estamos "
            "analisando um por um; eles estão guardados.",
        )
    return CheckResult(Severity.GREEN, "Nada atrasado e nada em quarentena.")


def imports(inputs: DiagnosisInputs) -> CheckResult:
    last = inputs.last_import
    if last is None:
        return CheckResult(
            Severity.GREEN,
            "Nenhum arquivo foi importado. Se quem vende quiser ver vendas de antes da conexão, "
            f"elas entram por um arquivo exportado do {inputs.label}.",
        )
    since = f"A última foi enviada {inputs.ago(last.created_at)}"
    match last.state:
        case ImportState.FAILED:
            return CheckResult(
                Severity.YELLOW,
                f"{since} e falhou.",
                "Abra a importação, veja o erro, e envie o arquivo corrigido.",
            )
        case ImportState.PREVIEWED:
            return CheckResult(
                Severity.YELLOW,
                f"{since} e espera confirmação: nada foi gravado ainda.",
                "Peça a quem vende que confira a prévia e confirme, ou confirme na importação.",
            )
        case ImportState.QUEUED | ImportState.RUNNING:
            return CheckResult(Severity.GREEN, f"{since} e está em andamento.")
    if last.errors:
        return CheckResult(
            Severity.YELLOW,
            f"{since}, com {format_count(last.errors, 'linha', 'linhas')} que não entraram.",
            "Abra a importação, veja o erro de cada linha, corrija e envie o arquivo de novo: o "
            "que já entrou não se repete.",
        )
    return CheckResult(Severity.GREEN, f"{since}, sem erros.")


def sync(inputs: DiagnosisInputs) -> CheckResult:
    label = inputs.label
    if inputs.status != IntegrationStatus.CONNECTED:
        return CheckResult(
            Severity.RED,
            "Nenhuma sincronização é feita: a integração não está conectada.",
            "Peça a quem vende que conecte com uma chave de API válida.",
            f"Olá! Sua integração com o {label} não está conectada. Abra Integrações no Flowzz "
            "e conecte com a sua chave de API.",
        )
    if inputs.paused_at:
        return CheckResult(
            Severity.YELLOW,
            f"Suspensa: a integração está pausada {inputs.ago(inputs.paused_at)}.",
            "Ao retomar, a sincronização continua de onde parou.",
        )
    since = max(filter(None, (inputs.synced_at, inputs.connected_at)), default=inputs.now)
    customer_message = (
        f"Olá! A busca automática das suas vendas no {label} está com dificuldade. As vendas "
        "novas continuam chegando pelos webhooks, e estamos acompanhando."
    )
    if inputs.now - since > SYNC_LATE:
        return CheckResult(
            Severity.RED,
            f"Nenhuma deu certo {inputs.ago(since)}. {inputs.last_sync_error}".strip(),
            "Veja o erro da última em Sincronizações e peça uma nova.",
            customer_message,
        )
    if inputs.last_sync_status == "error":
        return CheckResult(
            Severity.YELLOW,
            f"A última falhou: {inputs.last_sync_error}",
            "A próxima tenta de novo sozinha dentro de uma hora; ou peça uma agora.",
            customer_message,
        )
    if inputs.synced_at is None:
        message = (
            "A primeira está em andamento." if inputs.is_syncing else "Ainda não houve nenhuma."
        )
        return CheckResult(
            Severity.YELLOW, message, "Acompanhe em Sincronizações e verifique de novo."
        )
    return CheckResult(
        Severity.GREEN, f"A última que deu certo começou {inputs.ago(inputs.synced_at)}."
    )
