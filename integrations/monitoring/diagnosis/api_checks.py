"""What the provider's answer tells: the key, the API, the clocks."""

from datetime import timedelta

from integrations.monitoring.diagnosis.facts import Answer, Facts, Finding, Severity

SLOW = 3.0
THEIR_CLOCK = timedelta(seconds=30), timedelta(minutes=5)
OUR_CLOCKS = timedelta(seconds=2), timedelta(seconds=30)
"""From where on a difference is worth a look, and from where on it does harm."""


def key(facts: Facts) -> Finding:
    label = facts.label
    match facts.probe.answer:
        case Answer.NO_KEY:
            return Finding(
                Severity.RED,
                "Nenhuma chave de API está guardada.",
                "Peça ao cliente que conecte a integração com a chave de API.",
                f"Olá! Sua integração com o {label} está sem chave de API. No {label}, abra "
                "Configurações → API, crie uma chave e conecte com ela no Flowzz.",
            )
        case Answer.UNREADABLE_KEY:
            return Finding(
                Severity.RED,
                "A chave guardada não pode ser lida: foi alterada, ou a chave de criptografia "
                "do servidor mudou.",
                "Se mais integrações estiverem assim, avise a equipe técnica; se for só esta, "
                "peça que o cliente conecte de novo.",
                f"Olá! Precisamos que você conecte de novo o {label} no Flowzz com a sua chave "
                "de API. Nada do que já foi recebido se perde.",
            )
        case Answer.REFUSED:
            return Finding(
                Severity.RED,
                f"O {label} recusou a chave de API.",
                "Peça ao cliente uma chave nova; conectar de novo com ela resolve.",
                f"Olá! O {label} deixou de aceitar a sua chave de API. No {label}, abra "
                "Configurações → API, crie uma chave nova e conecte com ela no Flowzz. Suas "
                "vendas continuam chegando pelos webhooks.",
            )
        case Answer.GOOD:
            return _age_of_key(facts)
    return Finding(
        Severity.YELLOW,
        "Não deu para testar a chave: a API não respondeu como devia.",
        f"Resolva primeiro o item “Resposta da API” e verifique de novo. A chave {_since(facts)}",
    )


def _age_of_key(facts: Facts) -> Finding:
    set_at = facts.api_key_set_at
    if set_at and facts.now - set_at > facts.api_key_max_age:
        return Finding(
            Severity.YELLOW,
            f"A chave funciona, mas {_since(facts)}",
            f"Peça ao cliente que troque a chave: a recomendação é a cada "
            f"{facts.api_key_max_age.days} dias.",
            f"Olá! Sua chave de API do {facts.label} é antiga. Por segurança, crie uma nova em "
            "Configurações → API e conecte com ela no Flowzz; nada mais muda.",
        )
    return Finding(Severity.GREEN, f"A chave funciona e {_since(facts)}")


def _since(facts: Facts) -> str:
    at = facts.api_key_set_at
    return f"foi informada {facts.ago(at)}." if at else "não tem data registrada."


def api(facts: Facts) -> Finding:
    probe, label = facts.probe, facts.label
    unstable = (
        f"Olá! A API do {label} está instável neste momento. Suas vendas continuam chegando "
        "pelos webhooks, e o que faltar é buscado assim que ela voltar. Não precisa fazer nada."
    )
    match probe.answer:
        case Answer.NOT_THE_API:
            return Finding(
                Severity.RED,
                probe.message,
                "Avise a equipe técnica: o endereço da API configurado no servidor pode ter "
                "mudado. Se só esta integração estiver assim, peça uma chave nova ao cliente.",
                unstable,
            )
        case Answer.UNAVAILABLE:
            return Finding(
                Severity.RED,
                probe.message,
                f"Espere alguns minutos e verifique de novo; se continuar, veja se o {label} "
                "avisou de instabilidade.",
                unstable,
            )
        case Answer.CIRCUIT_OPEN:
            return Finding(
                Severity.YELLOW,
                f"O {label} não foi consultado agora. {probe.message}",
                "As consultas estão suspensas depois de falhas seguidas e voltam sozinhas. "
                "Verifique de novo em um minuto.",
                unstable,
            )
        case Answer.NO_KEY | Answer.UNREADABLE_KEY:
            return Finding(
                Severity.YELLOW,
                "Sem uma chave que se possa usar, a API não foi consultada.",
                "Resolva primeiro o item “Chave de API”.",
            )
    if probe.seconds > SLOW:
        return Finding(
            Severity.YELLOW,
            f"A API respondeu, mas demorou {_decimal(probe.seconds)} s.",
            "As sincronizações podem demorar mais do que de costume. Verifique de novo mais tarde.",
        )
    return Finding(Severity.GREEN, f"A API respondeu com dados em {_decimal(probe.seconds)} s.")


def clock(facts: Facts) -> Finding:
    ours = _judge(facts.database_ahead, OUR_CLOCKS)
    theirs = Severity.GREEN if facts.probe.ahead is None else _judge(facts.probe.ahead, THEIR_CLOCK)
    said = f"Banco de dados: {_difference(facts.database_ahead)}. {facts.label}: " + (
        f"{_difference(facts.probe.ahead)}."
        if facts.probe.ahead is not None
        else "não informou a hora."
    )
    if Severity.RED in (ours, theirs):
        return Finding(
            Severity.RED,
            said,
            "Avise a equipe técnica: acerte os relógios (NTP). Até lá, vendas podem ser datadas "
            "ou ordenadas errado.",
            "Olá! Encontramos uma diferença de horário entre os sistemas e estamos corrigindo. "
            "Suas vendas estão guardadas.",
        )
    if Severity.YELLOW in (ours, theirs) or facts.probe.ahead is None:
        return Finding(
            Severity.YELLOW,
            said,
            "Verifique de novo em alguns minutos; se a diferença continuar, avise a equipe técnica."
            if facts.probe.ahead is not None
            else "Verifique de novo quando a API responder.",
        )
    return Finding(Severity.GREEN, said)


def _judge(ahead: timedelta, limits: tuple[timedelta, timedelta]) -> Severity:
    notable, harmful = limits
    if abs(ahead) > harmful:
        return Severity.RED
    return Severity.YELLOW if abs(ahead) > notable else Severity.GREEN


def _difference(ahead: timedelta) -> str:
    seconds = ahead.total_seconds()
    if abs(seconds) < 1:
        return "no mesmo horário que o nosso"
    return f"{_decimal(abs(seconds))} s {'à frente' if seconds > 0 else 'atrás'} do nosso"


def _decimal(number: float) -> str:
    return f"{number:.1f}".replace(".", ",")
