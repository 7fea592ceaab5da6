"""Checks of the provider's API: the key, the response, the clocks."""

from datetime import timedelta

from integrations.monitoring.diagnosis.check_types import (
    ApiStatus,
    CheckResult,
    DiagnosisInputs,
    Severity,
)

SLOW_SECONDS = 3.0
# The clock differences from which a result is yellow and red.
PROVIDER_CLOCK_LIMITS = timedelta(seconds=30), timedelta(minutes=5)
DATABASE_CLOCK_LIMITS = timedelta(seconds=2), timedelta(seconds=30)


def key(inputs: DiagnosisInputs) -> CheckResult:
    label = inputs.label
    match inputs.probe.status:
        case ApiStatus.NO_KEY:
            return CheckResult(
                Severity.RED,
                "Nenhuma chave de API está guardada.",
                "Peça a quem vende que conecte a integração com a chave de API.",
                f"Olá! Sua integração com o {label} está sem chave de API. No {label}, abra "
                "Configurações → API, crie uma chave e conecte com ela no Flowzz.",
            )
        case ApiStatus.UNREADABLE_KEY:
            return CheckResult(
                Severity.RED,
                "A chave guardada não pode ser lida: foi alterada, ou a chave de criptografia "
                "do servidor mudou.",
                "Se mais integrações estiverem assim, avise a equipe técnica; se for só esta, "
                "peça a quem vende que conecte de novo.",
                f"Olá! Precisamos que você conecte de novo o {label} no Flowzz com a sua chave "
                "de API. Nada do que já foi recebido se perde.",
            )
        case ApiStatus.REFUSED:
            return CheckResult(
                Severity.RED,
                f"O {label} recusou a chave de API.",
                "Peça a quem vende uma chave nova; conectar de novo com ela resolve.",
                f"Olá! O {label} deixou de aceitar a sua chave de API. No {label}, abra "
                "Configurações → API, crie uma chave nova e conecte com ela no Flowzz. Suas "
                "vendas continuam chegando pelos webhooks.",
            )
        case ApiStatus.GOOD:
            return _key_age(inputs)
    return CheckResult(
        Severity.YELLOW,
        "Não deu para testar a chave: a API não respondeu como devia.",
        f"Resolva primeiro o item “Resposta da API” e verifique de novo. A chave {_since(inputs)}",
    )


def _key_age(inputs: DiagnosisInputs) -> CheckResult:
    set_at = inputs.api_key_set_at
    if set_at and inputs.now - set_at > inputs.api_key_max_age:
        return CheckResult(
            Severity.YELLOW,
            f"A chave funciona, mas {_since(inputs)}",
            f"Peça a quem vende que troque a chave: o recomendado é a cada "
            f"{inputs.api_key_max_age.days} dias.",
            f"Olá! Sua chave de API do {inputs.label} é antiga. Por segurança, crie uma nova em "
            "Configurações → API e conecte com ela no Flowzz; nada mais muda.",
        )
    return CheckResult(Severity.GREEN, f"A chave funciona e {_since(inputs)}")


def _since(inputs: DiagnosisInputs) -> str:
    set_at = inputs.api_key_set_at
    return f"foi informada {inputs.ago(set_at)}." if set_at else "não tem data registrada."


def api(inputs: DiagnosisInputs) -> CheckResult:
    probe, label = inputs.probe, inputs.label
    unstable = (
        f"Olá! A API do {label} está instável neste momento. Suas vendas continuam chegando "
        "pelos webhooks, e o que faltar é buscado assim que ela voltar. Não precisa fazer nada."
    )
    match probe.status:
        case ApiStatus.NOT_THE_API:
            return CheckResult(
                Severity.RED,
                probe.message,
                "Avise a equipe técnica: o endereço da API configurado no servidor pode ter "
                "mudado. Se só esta integração estiver assim, peça uma chave nova a quem vende. "
                "Sem API, a integração funciona com “Usar só webhooks”.",
                unstable,
            )
        case ApiStatus.UNAVAILABLE:
            return CheckResult(
                Severity.RED,
                probe.message,
                f"Espere alguns minutos e verifique de novo; se continuar, veja se o {label} "
                "avisou de instabilidade.",
                unstable,
            )
        case ApiStatus.CIRCUIT_OPEN:
            return CheckResult(
                Severity.YELLOW,
                f"O {label} não foi consultado agora. {probe.message}",
                "As consultas estão suspensas depois de falhas seguidas e voltam sozinhas. "
                "Verifique de novo em um minuto.",
                unstable,
            )
        case ApiStatus.NO_KEY | ApiStatus.UNREADABLE_KEY:
            return CheckResult(
                Severity.YELLOW,
                "Sem uma chave que se possa usar, a API não foi consultada.",
                "Resolva primeiro o item “Chave de API”.",
            )
    if probe.seconds > SLOW_SECONDS:
        return CheckResult(
            Severity.YELLOW,
            f"A API respondeu, mas demorou {_decimal(probe.seconds)} s.",
            "As sincronizações podem demorar mais do que de costume. Verifique de novo mais tarde.",
        )
    return CheckResult(Severity.GREEN, f"A API respondeu com dados em {_decimal(probe.seconds)} s.")


def clock(inputs: DiagnosisInputs) -> CheckResult:
    provider_ahead = inputs.probe.clock_ahead
    severities = [_clock_severity(inputs.database_ahead, DATABASE_CLOCK_LIMITS)]
    message = f"Banco de dados: {_difference(inputs.database_ahead)}."
    if provider_ahead is not None:
        severities.append(_clock_severity(provider_ahead, PROVIDER_CLOCK_LIMITS))
        message += f" {inputs.label}: {_difference(provider_ahead)}."
    elif inputs.uses_api:
        message += f" {inputs.label}: não informou a hora."
    if Severity.RED in severities:
        return CheckResult(
            Severity.RED,
            message,
            "Avise a equipe técnica: acerte os relógios (NTP). Até lá, vendas podem ser datadas "
            "ou ordenadas errado.",
            "Olá! Encontramos uma diferença de horário entre os sistemas e estamos corrigindo. "
            "Suas vendas estão guardadas.",
        )
    if Severity.YELLOW in severities:
        return CheckResult(
            Severity.YELLOW,
            message,
            "Verifique de novo em alguns minutos; se a diferença ficar, avise a equipe técnica.",
        )
    if provider_ahead is None and inputs.uses_api:
        return CheckResult(Severity.YELLOW, message, "Verifique de novo quando a API responder.")
    return CheckResult(Severity.GREEN, message)


def _clock_severity(ahead: timedelta, limits: tuple[timedelta, timedelta]) -> Severity:
    yellow, red = limits
    if abs(ahead) > red:
        return Severity.RED
    return Severity.YELLOW if abs(ahead) > yellow else Severity.GREEN


def _difference(ahead: timedelta) -> str:
    seconds = ahead.total_seconds()
    if abs(seconds) < 1:
        return "no mesmo horário que o nosso"
    return f"{_decimal(abs(seconds))} s {'à frente' if seconds > 0 else 'atrás'} do nosso"


def _decimal(number: float) -> str:
    return f"{number:.1f}".replace(".", ",")
