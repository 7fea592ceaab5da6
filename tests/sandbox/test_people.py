from random import Random

import pytest
from validate_docbr import CNPJ, CPF

from sandbox import people


def test_cpfs_have_true_check_digits() -> None:
    dice = Random(1)
    assert all(CPF().validate(people.cpf(dice)) for _ in range(500))


def test_cnpjs_have_true_check_digits_with_letters_too() -> None:
    dice = Random(1)
    for make in (people.cnpj, people.alphanumeric_cnpj):
        assert all(CNPJ().validate(people.punctuated(make(dice))) for _ in range(500))


@pytest.mark.parametrize(
    ("bare", "written"),
    [
        ("29141777638", "291.417.776-38"),
        ("12ABC34501DE35", "12.ABC.345/01DE-35"),
        ("", ""),
    ],
)
def test_documents_are_punctuated(bare: str, written: str) -> None:
    assert people.punctuated(bare) == written


def test_check_digits_of_known_documents() -> None:
    assert people.with_check_digits("291417776", people.CPF_WEIGHTS) == "29141777638"
    assert people.with_check_digits("12ABC34501DE", people.CNPJ_WEIGHTS) == "12ABC34501DE35"


def test_the_same_dice_invent_the_same_person() -> None:
    assert people.invent(Random("x")) == people.invent(Random("x"))


def test_mailboxes_are_plain_and_of_no_one() -> None:
    assert people.address_of("Antônio Peçanha") == "antonio.pecanha@example.com"
    assert people.address_of("Moura & Filhos EPP") == "moura.filhos.epp@example.com"
