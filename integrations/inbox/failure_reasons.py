"""Why events fail: causes of quarantine, and their explanation for staff. Pure."""

import re
from dataclasses import dataclass

_FIELD = re.compile(r"^([A-Za-z_][\w.]*): ")
_EXCEPTION = re.compile(r"\b([A-Z]\w*(?:Error|Exception|Exceeded|Invalid))\b")


def quarantine_cause(reason: str, error: str) -> str:
    """Return the cause of a quarantine: `invalid_money:order.order_final_price`.

    The part after the reason is the field that the message begins with, or the exception it
    names. The rest of a message (a line, a column) differs from event to event.
    """
    field = _FIELD.match(error) or _EXCEPTION.search(error)
    return f"{reason}:{field.group(1)}"[:160] if field else reason


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happened, and what staff can do."""

    title: str
    next_step: str


_RESEND = (
    "O conteúdo veio assim da plataforma. Peça a quem vende que reenvie o pedido; se ele já "
    "existe certo na plataforma, uma sincronização o traz, e este evento pode ser descartado."
)
_REPLAY = "Reprocesse. Se voltar para a quarentena, envie o número do evento ao time técnico."
_COMPARE = "Compare as duas vendas; se forem o mesmo pedido, una-as na página da venda."
_DISCARD = "Costuma ser um teste ou outro sistema. Confira um exemplo e descarte o grupo."

EXPLANATIONS = {
    "unroutable": Explanation(
        "Sem integração: não se sabe de quem é",
        "Abra um exemplo, veja de qual conta é o pedido e atribua à integração pelo e-mail do "
        "usuário.",
    ),
    "unverifiable": Explanation(
        "Segredo de assinatura ilegível",
        "Não dá para saber se a assinatura confere. Defina um segredo novo na página da "
        "integração; se o conteúdo for mesmo da conta, atribua o grupo à integração dela.",
    ),
    "invalid_json": Explanation("O corpo não é um JSON válido", _RESEND),
    "invalid_utf8": Explanation("O corpo não está em UTF-8", _RESEND),
    "compressed_body": Explanation("O corpo veio comprimido", _RESEND),
    "empty_body": Explanation("O corpo veio vazio", _DISCARD),
    "form_body": Explanation("O corpo é um formulário, não um JSON", _DISCARD),
    "too_deep": Explanation("JSON com níveis demais", _DISCARD),
    "not_an_object": Explanation("O JSON não é um objeto", _DISCARD),
    "unknown_kind": Explanation("Nem pedido, nem assinatura, nem afiliação", _DISCARD),
    "invalid_section": Explanation("Uma parte do pedido veio com outra forma", _RESEND),
    "not_a_text": Explanation("Um campo de texto veio com outra forma", _RESEND),
    "missing_identity": Explanation("Falta o número do pedido", _RESEND),
    "invalid_identity": Explanation("O número do pedido não pode ser lido", _RESEND),
    "missing_money": Explanation("Falta o valor", _RESEND),
    "invalid_money": Explanation("O valor não pode ser lido", _RESEND),
    "negative_money": Explanation("O valor é negativo", _RESEND),
    "ambiguous_money": Explanation("O valor tem dois sentidos (1.234)", _RESEND),
    "money_too_large": Explanation("O valor não cabe", _RESEND),
    "invalid_number": Explanation("Um número não pode ser lido", _RESEND),
    "ambiguous_number": Explanation("Um número tem dois sentidos (1.000)", _RESEND),
    "number_too_large": Explanation("Um número não cabe", _RESEND),
    "invalid_date": Explanation("Uma data não pode ser lida", _RESEND),
    "invalid_flag": Explanation("Um sim ou não não pode ser lido", _RESEND),
    "hash_of_other_order": Explanation("O hash já é de outro pedido", _COMPARE),
    "hash_of_other_buyer": Explanation("O hash é de outro comprador", _COMPARE),
    "hash_of_separated_sale": Explanation("O hash é de uma venda separada", _COMPARE),
    "parser_fault": Explanation("Falha nossa ao ler o corpo", _REPLAY),
    "refused_by_database": Explanation("O banco de dados recusou os dados", _REPLAY),
    "attempts_exhausted": Explanation("As tentativas se esgotaram", _REPLAY),
    "fault": Explanation("Falha passageira", "Nada a fazer: uma nova tentativa já está agendada."),
}


def explain(cause: str) -> Explanation:
    """Explain a cause, or a reason alone."""
    reason = cause.partition(":")[0]
    return EXPLANATIONS.get(reason, Explanation(reason or "Sem causa conhecida", _REPLAY))


def failed_field(cause: str) -> str:
    """Return the field or exception of a cause, or an empty string."""
    return cause.partition(":")[2]


def describe_warning(cause: str) -> str:
    """Return what a warning is about: `Um número não pode ser lido (order.order_quantity)`."""
    field = failed_field(cause)
    return f"{explain(cause).title} ({field})" if field else explain(cause).title
