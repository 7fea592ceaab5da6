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
"""The shop's own e-mail, which many orders have in place of the buyer's."""


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
_NO_NUMBER_PROBABILITY = 0.1
_FULL_STATE_PROBABILITY = 0.03


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
    """A buyer. The document has no punctuation, the phone an area code and no country code."""

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


def invent_person(random: Random) -> Person:
    """Return an invented buyer. Some are companies, some have no document."""
    city = random.choice(_CITIES)
    document = _document(random)
    name = _company_name(random) if len(document) > CPF_LENGTH else full_name(random)
    return Person(
        name=name,
        document=document,
        phone=phone(random, city.area_code),
        email=_email(random, name),
        street=random.choice(_STREETS),
        number="S/N" if random.random() < _NO_NUMBER_PROBABILITY else str(random.randint(1, 2400)),
        district=random.choice(_DISTRICTS),
        complement=random.choice(_COMPLEMENTS),
        city=city.name,
        state=city.state_name if random.random() < _FULL_STATE_PROBABILITY else city.state,
        cep=f"{city.cep_prefix}{random.randrange(1000):03d}",
    )


def full_name(random: Random) -> str:
    surnames = random.sample(_SURNAMES, random.choice((1, 1, 2)))
    return " ".join((random.choice(_FIRST_NAMES), *surnames))


def phone(random: Random, area_code: str) -> str:
    """Return a mobile number of the range 90xxx-xxxx, which has no subscribers."""
    return f"{area_code}90{random.randrange(10_000_000):07d}"


def email_for(name: str) -> str:
    """Return an e-mail address at a domain that is reserved for examples."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return ".".join(word for word in plain.split() if word.isalnum()) + "@example.com"


def cpf(random: Random) -> str:
    return append_check_digits(f"{random.randrange(10**9):09d}", CPF_WEIGHTS)


def cnpj(random: Random) -> str:
    return append_check_digits(f"{random.randrange(10**8):08d}0001", CNPJ_WEIGHTS)


def alphanumeric_cnpj(random: Random) -> str:
    """Return a CNPJ with letters, the kind issued since July 2026."""
    root = "".join(random.choices(string.digits + string.ascii_uppercase, k=12))
    return append_check_digits(root, CNPJ_WEIGHTS)


def append_check_digits(base: str, weights: tuple[int, ...]) -> str:
    """Append the two check digits of a CPF or CNPJ. A letter counts as its ASCII code minus 48."""
    for position_weights in (weights[1:], weights):
        values = (ord(character) - ord("0") for character in base)
        total = sum(weight * value for weight, value in zip(position_weights, values, strict=True))
        base += str(-total % 11 % 10)
    return base


def punctuate(document: str) -> str:
    """Return a CPF or CNPJ with its punctuation. An empty document stays empty."""
    if not document:
        return ""
    if len(document) == CPF_LENGTH:
        return f"{document[:3]}.{document[3:6]}.{document[6:9]}-{document[9:]}"
    return f"{document[:2]}.{document[2:5]}.{document[5:8]}/{document[8:12]}-{document[12:]}"


def _document(random: Random) -> str:
    (generate,) = random.choices((cpf, cnpj, alphanumeric_cnpj, None), weights=(90, 4, 2, 4))
    return generate(random) if generate else ""


def _company_name(random: Random) -> str:
    return random.choice(_COMPANIES).format(random.choice(_SURNAMES))


def _email(random: Random, name: str) -> str | None:
    (email,) = random.choices((email_for(name), SUPPORT_MAILBOX, None), weights=(82, 12, 6))
    return email
