"""Phone, e-mail, CEP and state as people type them, brought to one form. Pure and total."""

import re
import unicodedata
from functools import lru_cache

import phonenumbers

_NOT_DIGITS = re.compile(r"[^0-9]+")
# Two numbers in one field, or a number and its extension ("ramal 5").
_BETWEEN_NUMBERS = re.compile(r"[^\W\d_]+|[/,;#|]")
_PLUS_FIRST = re.compile(r"[^0-9]*\+")
# 55 is also an area code (Santa Maria): it is the country's only where a whole number follows.
_BRAZILIAN = re.compile(
    r"""
    (?:55)?                         # country code
    (?:0(?:[1-9][0-9])?)?           # trunk zero, with or without a carrier's code
    (?P<national>[1-9][0-9]{9,10})  # area code and subscriber
    """,
    re.VERBOSE,
)

_CEP_SEPARATORS = re.compile(r"[\s.\-]")
_CEP = re.compile(r"[0-9]{7,8}")

STATES = {
    "AC": "Acre",
    "AL": "Alagoas",
    "AM": "Amazonas",
    "AP": "Amapá",
    "BA": "Bahia",
    "CE": "Ceará",
    "DF": "Distrito Federal",
    "ES": "Espírito Santo",
    "GO": "Goiás",
    "MA": "Maranhão",
    "MG": "Minas Gerais",
    "MS": "Mato Grosso do Sul",
    "MT": "Mato Grosso",
    "PA": "Pará",
    "PB": "Paraíba",
    "PE": "Pernambuco",
    "PI": "Piauí",
    "PR": "Paraná",
    "RJ": "Rio de Janeiro",
    "RN": "Rio Grande do Norte",
    "RO": "Rondônia",
    "RR": "Roraima",
    "RS": "Rio Grande do Sul",
    "SC": "Santa Catarina",
    "SE": "Sergipe",
    "SP": "São Paulo",
    "TO": "Tocantins",
}


def _fold(text: str) -> str:
    """Drop case, accents and doubled spaces."""
    decomposed = unicodedata.normalize("NFKD", text)
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(letters.casefold().split())


_STATE_BY_WORD = {_fold(word): code for code, name in STATES.items() for word in (code, name)}


def normalise_phone(raw: str) -> str:
    """Return the number in E.164, Brazilian unless it says otherwise; "" where it can't be one.

    Of several numbers in the text, the longest one counts. Placeholders such as
    `00000000000` are none: a phone can tell who a client is.
    """
    number = max(_BETWEEN_NUMBERS.split(raw), key=lambda part: len(_digits(part)))
    digits = _digits(number)
    if not (_PLUS_FIRST.match(number) or digits.startswith("00")):
        return _brazilian(digits)
    digits = digits.removeprefix("00")
    return _brazilian(digits[2:]) if digits.startswith("55") else _foreign(digits)


def normalise_email(raw: str) -> str:
    """Return the address in lower case; "" where it is none."""
    email = raw.strip().lower()
    return email if "@" in email else ""


def normalise_cep(raw: str) -> str:
    """Return the eight digits, a lost leading zero put back; "" for anything else."""
    cep = _CEP_SEPARATORS.sub("", raw)
    return cep.zfill(8) if _CEP.fullmatch(cep) else ""


@lru_cache(maxsize=1024)
def normalise_state(raw: str) -> str:
    """Return the state's two letters (UF); a text that names no Brazilian state stays as sent."""
    return _STATE_BY_WORD.get(_fold(raw), raw.strip())


def _digits(text: str) -> str:
    return _NOT_DIGITS.sub("", text)


def _brazilian(digits: str) -> str:
    match = _BRAZILIAN.fullmatch(digits)
    if not match or _is_placeholder(match["national"]):
        return ""
    return f"+55{match['national']}"


def _foreign(digits: str) -> str:
    """Expect the country code first. Possible is enough: numbering plans change too often."""
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number) or _is_placeholder(digits):
        return ""
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # A zero for calls inside the country is dropped, one at a time.
    return written if written == f"+{digits}" else _foreign(written[1:])


def _is_placeholder(digits: str) -> bool:
    """All digits the same, or nothing but zeros after the area code: no real number is."""
    return len(set(digits)) == 1 or not digits[2:].strip("0")
