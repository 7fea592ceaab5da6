"""Normalise CPFs and CNPJs as platforms send them: punctuated, mistyped, without zeros. Pure."""

import re
from dataclasses import dataclass
from typing import Literal

from validate_docbr import CNPJ, CPF

MAX_LENGTH = 32
"""Maximum length of a stored text that is not a document."""

_CPF_LENGTH = 11
_CNPJ_LENGTH = 14
_SEPARATORS = re.compile(r"[\s./\-\u2010-\u2015\u2212]")
_CPF_SHAPE = re.compile(r"[0-9]{11}")
# Alphanumeric since July 2026: removing "non-digits" would destroy the number.
_CNPJ_SHAPE = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
_DIGITS = re.compile(r"[0-9]+")
_FULL_LENGTH = re.compile(r"[0-9A-Za-z]{11}|[0-9A-Za-z]{14}")

_cpf = CPF()
_cnpj = CNPJ()


@dataclass(frozen=True, slots=True)
class Document:
    """A document without punctuation; `valid` means correct check digits."""

    value: str
    valid: bool

    @property
    def identifies(self) -> bool:
        """Whether two orders with this document belong to one person.

        A mistyped document identifies; a placeholder (`000.000.000-00`, `não tem`) does not.
        """
        significant = [character for character in self.value if character.isalnum()]
        return len(set(significant)) > 1 and any(map(str.isdecimal, significant))


def normalise_document(raw: str) -> Document:
    """Return the document without punctuation and with lost zeros restored; other texts as sent."""
    compact = _SEPARATORS.sub("", raw)
    if not compact:
        return Document("", valid=False)
    if not _FULL_LENGTH.fullmatch(compact):
        as_sent = raw.strip()[:MAX_LENGTH].rstrip()
        return _with_lost_zeros(compact) or Document(as_sent, valid=False)
    value = compact.upper()
    return Document(value, valid=_is_valid(value))


def format_document(value: str) -> str:
    """Punctuate a normalised CPF or CNPJ for people; return any other text unchanged."""
    match _kind(value):
        case "cpf":
            return f"{value[:3]}.{value[3:6]}.{value[6:9]}-{value[9:]}"
        case "cnpj":
            return f"{value[:2]}.{value[2:5]}.{value[5:8]}/{value[8:12]}-{value[12:]}"
        case _:
            return value


def _with_lost_zeros(compact: str) -> Document | None:
    """Restore the zeros that a number type lost, only if the check digits confirm them."""
    if not _DIGITS.fullmatch(compact):
        return None
    value = compact.zfill(_CPF_LENGTH if len(compact) < _CPF_LENGTH else _CNPJ_LENGTH)
    return Document(value, valid=True) if _is_valid(value) else None


def _kind(value: str) -> Literal["cpf", "cnpj", ""]:
    if _CPF_SHAPE.fullmatch(value):
        return "cpf"
    return "cnpj" if _CNPJ_SHAPE.fullmatch(value) else ""


def _is_valid(value: str) -> bool:
    match _kind(value):
        case "cpf":
            return _cpf.validate(value)
        case "cnpj":
            return _cnpj.validate(value)
        case _:
            return False
