"""Why events fail, told to staff: causes that are the same everywhere, and the next step. Pure."""

import re
from dataclasses import dataclass

_PLACE = re.compile(r"^([A-Za-z_][\w.]*): ")
_FAULT = re.compile(r"\b([A-Z]\w*(?:Error|Exception|Exceeded|Invalid))\b")


def cause_of(reason: str, error: str) -> str:
    """The same code at the same place is one cause: `invalid_money:order.order_final_price`.

    The place is the field that a message begins with, or the fault that it names: what else
    stands in it (a line, a column) differs from event to event.
    """
    place = _PLACE.match(error) or _FAULT.search(error)
    return f"{reason}:{place.group(1)}"[:160] if place else reason


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happened, and what to do about it."""

    title: str
    next_step: str


_SENDER = (
    "O conteúdo veio assim da plataforma. Peça ao cliente para reenviar o pedido; se ele já "
    "existe certo na plataforma, uma sincronização o traz, e este evento pode ser descartado."
)
_AGAIN = "Reprocesse. Se voltar para a quarentena, envie o número do evento ao time técnico."
_TEST = "Costuma ser um teste ou outro sistema. Confira um exemplo e descarte o grupo."

EXPLANATIONS = {
    "unroutable": Explanation(
        "Sem dono: não se sabe de quem é",
        "Abra um exemplo, veja de qual conta é o pedido e atribua à integração pelo e-mail do "
        "usuário.",
    ),
    "invalid_json": Explanation("O corpo não é um JSON válido", _SENDER),
    "invalid_utf8": Explanation("O corpo não está em UTF-8", _SENDER),
    "compressed_body": Explanation("O corpo veio comprimido", _SENDER),
    "empty_body": Explanation("O corpo veio vazio", _TEST),
    "form_body": Explanation("O corpo é um formulário, não um JSON", _TEST),
    "too_deep": Explanation("JSON com níveis demais", _TEST),
    "not_an_object": Explanation("O JSON não é um objeto", _TEST),
    "unknown_kind": Explanation("Nem pedido, nem assinatura, nem afiliação", _TEST),
    "invalid_section": Explanation("Uma parte do pedido veio com outra forma", _SENDER),
    "not_a_text": Explanation("Um campo de texto veio com outra forma", _SENDER),
    "missing_identity": Explanation("Falta o número do pedido", _SENDER),
    "invalid_identity": Explanation("O número do pedido não pode ser lido", _SENDER),
    "missing_money": Explanation("Falta o valor", _SENDER),
    "invalid_money": Explanation("O valor não pode ser lido", _SENDER),
    "money_too_large": Explanation("O valor não cabe", _SENDER),
    "invalid_number": Explanation("Um número não pode ser lido", _SENDER),
    "number_too_large": Explanation("Um número não cabe", _SENDER),
    "invalid_date": Explanation("Uma data não pode ser lida", _SENDER),
    "parser_fault": Explanation("Falha nossa ao ler o corpo", _AGAIN),
    "refused_by_database": Explanation("O banco de dados recusou os dados", _AGAIN),
    "attempts_exhausted": Explanation("As tentativas se esgotaram", _AGAIN),
    "fault": Explanation("Falha passageira", "Nada a fazer: uma nova tentativa já está agendada."),
}


def explain(cause: str) -> Explanation:
    """What a cause, or a reason alone, means to staff."""
    reason = cause.partition(":")[0]
    return EXPLANATIONS.get(reason, Explanation(reason or "Sem causa conhecida", _AGAIN))


def place_of(cause: str) -> str:
    """The field or the fault of a cause; empty where it has none."""
    return cause.partition(":")[2]
