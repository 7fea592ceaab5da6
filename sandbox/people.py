"""Invented Brazilians: names, homes, contacts, and documents with true check digits."""

import string
import unicodedata
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

CPF_WEIGHTS = (11, 10, 9, 8, 7, 6, 5, 4, 3, 2)
CNPJ_WEIGHTS = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
CPF_LENGTH = 11
SUPPORT_MAILBOX = "suporte@lojagirassol.example"
"""The shop's own address, given for many buyers who didn't leave theirs."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST_NAMES = _names(
    "Adriana Alice Amanda Antônio Beatriz Benedito Bruna Caio Camila Carlos Cecília César "
    "Clara Cláudio Daniela Davi Débora Diego Eduarda Elias Estela Fábio Fernanda Flávio "
    "Gabriela Gilberto Helena Heitor Inês Ítalo Jandira João Joana Jorge Júlia Juliano Larissa "
    "Leandro Lívia Lourenço Luana Márcia Mateus Mônica Murilo Natália Nelson Olívia Otávio "
    "Patrícia Paulo Raquel Renato Rosana Sérgio Sílvia Tainá Tomás Valéria Vítor Yara Zélia"
)
_SURNAMES = _names(
    "Abrantes Aguiar Amoroso Azevedo Bastos Bittencourt Brandão Cabral Cardoso Caldas Coutinho "
    "Damasceno Dutra Esteves Falcão Farias Figueira Fontes Gadelha Galvão Gouveia Guerra Lacerda "
    "Leitão Macedo Maciel Meireles Menezes Moura Nogueira Novaes Paiva Peçanha Pimentel Prado "
    "Quintela Rangel Rezende Sampaio Seixas Serrano Siqueira Tavares Teles Vasques Veloso Vilela"
)
_STREETS = (
    "Rua das Amoras",
    "Rua dos Ipês",
    "Avenida das Palmeiras",
    "Travessa do Sol",
    "Rua da Jabuticaba",
    "Alameda dos Sabiás",
    "Rua Quatro",
    "Avenida Beira-Rio",
    "Rua das Acácias",
    "Estrada do Moinho",
)
_DISTRICTS = ("Centro", "Jardim América", "Vila Nova", "Boa Vista", "São José", "Santa Luzia")
_COMPLEMENTS = ("apto 4", "casa 2", "bloco B, apto 31", "fundos", "", None, None, None)
_COMPANIES = ("Comércio {0} Ltda", "{0} Cosméticos ME", "Distribuidora {0} SA", "{0} & Filhos EPP")
_WITHOUT_NUMBER = 0.1
_STATE_IN_FULL = 0.03


class City(NamedTuple):
    name: str
    state: str
    state_name: str
    area_code: str
    cep_prefix: str


_CITIES = (
    City("São Paulo", "SP", "São Paulo", "11", "01310"),
    City("Campinas", "SP", "São Paulo", "19", "13010"),
    City("Rio de Janeiro", "RJ", "Rio de Janeiro", "21", "20040"),
    City("Belo Horizonte", "MG", "Minas Gerais", "31", "30130"),
    City("Uberlândia", "MG", "Minas Gerais", "34", "38400"),
    City("Curitiba", "PR", "Paraná", "41", "80010"),
    City("Joinville", "SC", "Santa Catarina", "47", "89201"),
    City("Porto Alegre", "RS", "Rio Grande do Sul", "51", "90010"),
    City("Santa Maria", "RS", "Rio Grande do Sul", "55", "97010"),
    City("Brasília", "DF", "Distrito Federal", "61", "70040"),
    City("Goiânia", "GO", "Goiás", "62", "74003"),
    City("Salvador", "BA", "Bahia", "71", "40010"),
    City("Jacobina", "BA", "Bahia", "74", "44700"),
    City("Recife", "PE", "Pernambuco", "81", "50010"),
    City("Fortaleza", "CE", "Ceará", "85", "60010"),
    City("Belém", "PA", "Pará", "91", "66010"),
    City("Manaus", "AM", "Amazonas", "92", "69005"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One buyer. The document is bare (no punctuation), the phone national with area code."""

    name: str
    document: str
    phone: str
    email: str | None
    street: str
    number: str
    district: str
    complement: str | None
    city: str
    state: str
    cep: str


def invent(dice: Random) -> Person:
    """Make up a buyer: mostly a person, at times a company or someone without a document."""
    city = dice.choice(_CITIES)
    document = _document(dice)
    name = _company_name(dice) if len(document) > CPF_LENGTH else full_name(dice)
    return Person(
        name=name,
        document=document,
        phone=phone(dice, city.area_code),
        email=_email(dice, name),
        street=dice.choice(_STREETS),
        number="S/N" if dice.random() < _WITHOUT_NUMBER else str(dice.randint(1, 2400)),
        district=dice.choice(_DISTRICTS),
        complement=dice.choice(_COMPLEMENTS),
        city=city.name,
        state=city.state_name if dice.random() < _STATE_IN_FULL else city.state,
        cep=f"{city.cep_prefix}{dice.randrange(1000):03d}",
    )


def full_name(dice: Random) -> str:
    surnames = dice.sample(_SURNAMES, dice.choice((1, 1, 2)))
    return " ".join((dice.choice(_FIRST_NAMES), *surnames))


def phone(dice: Random, area_code: str) -> str:
    """Make up a mobile number in 90xxx-xxxx, a range in which no subscriber has one."""
    return f"{area_code}90{dice.randrange(10_000_000):07d}"


def address_of(name: str) -> str:
    """Give `name` a mailbox at a domain that can't exist outside of examples."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return ".".join(word for word in plain.split() if word.isalnum()) + "@example.com"


def cpf(dice: Random) -> str:
    return with_check_digits(f"{dice.randrange(10**9):09d}", CPF_WEIGHTS)


def cnpj(dice: Random) -> str:
    return with_check_digits(f"{dice.randrange(10**8):08d}0001", CNPJ_WEIGHTS)


def alphanumeric_cnpj(dice: Random) -> str:
    """Make up a CNPJ of the kind given out since July 2026, with letters in it."""
    root = "".join(dice.choices(string.digits + string.ascii_uppercase, k=12))
    return with_check_digits(root, CNPJ_WEIGHTS)


def with_check_digits(base: str, weights: tuple[int, ...]) -> str:
    """Append the two check digits of a CPF or CNPJ, whose letters count as ASCII less 48."""
    for used in (weights[1:], weights):
        values = (ord(character) - ord("0") for character in base)
        total = sum(weight * value for weight, value in zip(used, values, strict=True))
        base += str(-total % 11 % 10)
    return base


def punctuated(document: str) -> str:
    """Write a bare CPF or CNPJ with its dots; an empty one stays empty."""
    if not document:
        return ""
    if len(document) == CPF_LENGTH:
        return f"{document[:3]}.{document[3:6]}.{document[6:9]}-{document[9:]}"
    return f"{document[:2]}.{document[2:5]}.{document[5:8]}/{document[8:12]}-{document[12:]}"


def _document(dice: Random) -> str:
    (make,) = dice.choices((cpf, cnpj, alphanumeric_cnpj, None), weights=(90, 4, 2, 4))
    return make(dice) if make else ""


def _company_name(dice: Random) -> str:
    return dice.choice(_COMPANIES).format(dice.choice(_SURNAMES))


def _email(dice: Random, name: str) -> str | None:
    (email,) = dice.choices((address_of(name), SUPPORT_MAILBOX, None), weights=(82, 12, 6))
    return email
