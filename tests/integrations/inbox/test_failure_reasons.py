"""The cause by which quarantined events are grouped."""

import pytest

from integrations.inbox.failure_reasons import quarantine_cause


@pytest.mark.parametrize(
    ("reason", "error", "cause"),
    [
        ("invalid_json", "O corpo não é um JSON válido (linha 3, coluna 9).", "invalid_json"),
        ("invalid_money", "order.order_final_price: valor inválido; o formato esperado é 1234.56.",
         "invalid_money:order.order_final_price"),
        ("attempts_exhausted", "Falhou 5 vezes; a última com IntegrityError.",
         "attempts_exhausted:IntegrityError"),
        ("unroutable", "Nenhuma integração pode ser a dona.", "unroutable"),
    ],
)  # fmt: skip
def test_cause_is_the_reason_and_its_field(reason: str, error: str, cause: str) -> None:
    assert quarantine_cause(reason, error) == cause
