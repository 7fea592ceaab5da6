from random import Random

import pytest
from validate_docbr import CNPJ, CPF

from sandbox.orders import people


def test_cpfs_have_valid_check_digits() -> None:
    random = Random(1)
    assert all(CPF().validate(people.cpf(random)) for _ in range(500))


def test_cnpjs_have_valid_check_digits_even_with_letters() -> None:
    random = Random(1)
    for generate in (people.cnpj, people.alphanumeric_cnpj):
        assert all(CNPJ().validate(people.punctuate(generate(random))) for _ in range(500))


@pytest.mark.parametrize(
    ("document", "punctuated"),
    [("29141777638", "291.417.776-38"), ("12ABC34501DE35", "12.ABC.345/01DE-35"), ("", "")],
)
def test_documents_are_punctuated(document: str, punctuated: str) -> None:
    assert people.punctuate(document) == punctuated


def test_check_digits_of_known_documents() -> None:
    assert people.append_check_digits("291417776", people.CPF_WEIGHTS) == "29141777638"
    assert people.append_check_digits("12ABC34501DE", people.CNPJ_WEIGHTS) == "12ABC34501DE35"


def test_same_seed_gives_the_same_person() -> None:
    assert people.invent_person(Random("x")) == people.invent_person(Random("x"))


def test_emails_are_ascii_and_use_a_reserved_domain() -> None:
    assert people.email_for("Antônio Peçanha") == "antonio.pecanha@example.com"
    assert people.email_for("Moura & Filhos EPP") == "moura.filhos.epp@example.com"
