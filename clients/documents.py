"""Normalise CPFs and CNPJs as platforms send them: punctuated, mistyped, without zeros. Pure."""

import re
from dataclasses import dataclass
from operator import mul

from validate_docbr import CNPJ

from clients.cleaning import clean_digits, clean_text

MAX_LENGTH = 32
"""Maximum length of a stored text that is not a document."""

_SEPARATORS = re.compile(r"[\s./\-\u2010-\u2015\u2212_,;:'\"()\[\]#]")
_CPF_SHAPE = re.compile(r"[0-9]{11}")
# Alphanumeric since July 2026: removing "non-digits" would destroy the number.
_CNPJ_SHAPE = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
_CPF_WITHOUT_ZEROS = re.compile(r"[0-9]{8,11}")
_CNPJ_WITHOUT_ZEROS = re.compile(r"[0-9]{12,14}")
_FULL_LENGTH = re.compile(r"[0-9]{11}|[0-9A-Z]{12}[0-9]{2}")
_LABEL = re.compile(
    r"\A['\"(\[\s]*(?:(?:c\W?p\W?f|c\W?n\W?p\W?j|doc(?:umento)?)(?![a-z])[\s/:.noº°#=)\]-]*)*'*",
    re.IGNORECASE,
)
_WHOLE_NUMBER = re.compile(r"([0-9]+)[.,]0*")
# A fraction, or a number that a spreadsheet shortened: no punctuation of a document.
_FRACTION = re.compile(r"[0-9]{7,}[.,][0-9]|[0-9][.,][0-9]+E\+?[0-9]+", re.IGNORECASE)

_PLACEHOLDERS = {
    "00000000191",
    "01234567890",
    "12345678909",
    "98765432100",
    "00000000000191",
    "12345678000195",
}
"""Numbers that people type in place of a document although their check digits are right."""

_CPF_WEIGHTS = (11, 10, 9, 8, 7, 6, 5, 4, 3, 2)
_cnpj = CNPJ()


@dataclass(slots=True)
class Document:
    """A document without punctuation; `valid` means correct check digits."""

    value: str
    valid: bool

    @property
    def identifies(self) -> bool:
        """Whether two orders with this document belong to one person."""
        return self.valid and self.value not in _PLACEHOLDERS


def normalise_document(raw: str) -> Document:
    """Return the document without punctuation and with lost zeros restored.

    A CPF or CNPJ with wrong check digits loses its punctuation, too. Masked, shortened and other
    texts are returned as sent.
    """
    if _CPF_SHAPE.fullmatch(raw) and _is_cpf(raw):
        return Document(raw, valid=True)
    text = clean_digits(raw)
    without_label = _compact(_LABEL.sub("", text))
    for value in (_compact(text), without_label):
        for candidate in _with_zeros(value):
            if _is_valid(candidate):
                return Document(candidate, valid=True)
    if without_label and not _FULL_LENGTH.fullmatch(without_label):
        return Document(clean_text(raw)[:MAX_LENGTH].rstrip(), valid=False)
    return Document(without_label, valid=False)


def format_document(value: str) -> str:
    """Punctuate a normalised CPF or CNPJ for people; return any other text unchanged."""
    if _CPF_SHAPE.fullmatch(value):
        return f"{value[:3]}.{value[3:6]}.{value[6:9]}-{value[9:]}"
    if _CNPJ_SHAPE.fullmatch(value):
        return f"{value[:2]}.{value[2:5]}.{value[5:8]}/{value[8:12]}-{value[12:]}"
    return value


def _compact(text: str) -> str:
    """Remove the punctuation and the decimal part; return a fraction unchanged."""
    if whole := _WHOLE_NUMBER.fullmatch(text):
        return whole[1]
    return text if _FRACTION.fullmatch(text) else _SEPARATORS.sub("", text).upper()


def _with_zeros(compact: str) -> list[str]:
    """Return the documents that a text can be: as it is, or with zeros lost or added."""
    if _CPF_WITHOUT_ZEROS.fullmatch(compact):
        return [compact.zfill(11)]
    if _CNPJ_WITHOUT_ZEROS.fullmatch(compact):
        cnpj = compact.zfill(14)
        return [cnpj, cnpj[3:]] if cnpj.startswith("000") else [cnpj]
    return [compact]


def _is_cpf(digits: str) -> bool:
    """Check the last two of eleven digits; validate-docbr takes four times as long."""
    numbers = list(map(int, digits))
    first = sum(map(mul, numbers, _CPF_WEIGHTS[1:])) * 10 % 11 % 10
    second = sum(map(mul, numbers, _CPF_WEIGHTS)) * 10 % 11 % 10
    return numbers[9:] == [first, second] and len(set(numbers)) > 1


def _is_valid(value: str) -> bool:
    if _CPF_SHAPE.fullmatch(value):
        return _is_cpf(value)
    return bool(_CNPJ_SHAPE.fullmatch(value)) and _cnpj.validate(value)
