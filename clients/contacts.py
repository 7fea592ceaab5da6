"""Normalise phones, e-mails, CEPs and states as people type them. Pure; accepts any text."""

import re

import phonenumbers

from clients.cleaning import clean_digits, clean_text, fold
from flowzz.core.caching import cache_short

_NOT_DIGITS = re.compile(r"[^0-9]+")
# Two numbers in one field, or a number and its extension ("ramal 5").
_BETWEEN_NUMBERS = re.compile(r"[^\W\d_]+|[/,;:#|]")
_PLUS_FIRST = re.compile(r"[^0-9]*\+")
# A spreadsheet shortened the number: the digits that are left may be another phone's.
_SHORTENED = re.compile(r"[0-9][.,][0-9]+e\+?[0-9]+", re.IGNORECASE)
_E164 = re.compile(r"\+[0-9]+")
_BRAZILIAN_E164 = re.compile(r"\+55([0-9]{2})([0-9]{4,5})([0-9]{4})")

AREAS = [
    *range(11, 20),
    *(21, 22, 24, 27, 28),
    *(*range(31, 36), 37, 38),
    *range(41, 50),
    *(51, 53, 54, 55),
    *range(61, 70),
    *(71, 73, 74, 75, 77, 79),
    *range(81, 90),
    *range(91, 100),
]
"""Brazil's area codes, as assigned by ANATEL."""
_AREA = "|".join(map(str, AREAS))

# 55 is also an area code (Santa Maria): it is the country code only before a complete number.
_BRAZILIAN = re.compile(
    rf"""
    (?:55)?                             # country code
    (?:0(?:[1-9][0-9])?)?               # trunk zero, with or without a carrier code
    (?P<national>(?:{_AREA})[0-9]{{8,9}})  # area code and subscriber; not 0800, for one
    """,
    re.VERBOSE,
)

# The decimal part of a number that a spreadsheet or a JSON float sent.
_DECIMAL_PART = re.compile(r"(?<=[0-9]{6})[.,]0{1,2}$")
_WITHOUT_COUNTRY = re.compile(rf"(?:{_AREA})(?:9[0-9]{{8}}|[2-5][0-9]{{7}})")

_MIN_ABROAD = 10
"""Digits of a phone with a country code."""

_CEP_SEPARATORS = re.compile(r"[^0-9a-z]|^\W*c\W?e\W?p", re.IGNORECASE)
# The lowest is 01000-000: seven digits that begin with a zero lost one elsewhere.
_CEP = re.compile(r"[1-9][0-9]{6,7}|0[1-9][0-9]{6}")
_STATE_PREFIX = re.compile(r"\b(?:estado|est|uf)\b(?: d[aeo]\b)?")
_STATE_SEPARATORS = re.compile(r"[^\w\s]|_")

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


def _simplify(text: str) -> str:
    """Return the text in lower case, without accents and repeated spaces."""
    return " ".join(fold(text).split())


_STATE_BY_WORD = {
    _simplify(word): code
    for code, name in STATES.items()
    for word in (code, name, f"{name} {code}")
}


def normalise_phone(raw: str) -> str:
    """Return the phone in E.164, Brazilian unless it has another country code; "" if invalid.

    If the text has several numbers, the longest one is used. `00000000000` is invalid.
    """
    if _WITHOUT_COUNTRY.fullmatch(raw):  # as most senders write it
        return _brazilian(raw)
    text = _DECIMAL_PART.sub("", clean_digits(raw))
    if _SHORTENED.fullmatch(text):
        return ""
    number = max(_BETWEEN_NUMBERS.split(text), key=lambda part: len(_digits(part)))
    digits = _digits(number)
    if not (_PLUS_FIRST.match(number) or digits.startswith("00")):
        return _brazilian(digits)
    if digits.startswith("00"):
        digits = digits[2:]
        if len(digits) < _MIN_ABROAD:  # "(00) 98765-0401": a placeholder for the area code
            return ""
    if digits.startswith("55"):
        return _brazilian(digits[2:])
    return _with_plus(digits)


def phone_identifies(e164: str) -> bool:
    """Return whether a phone of any country is a person's: not `99999-9999` or `91234-5678`."""
    subscriber = e164[-8:]
    return len(set(subscriber)) > 1 and subscriber != "12345678"


def format_phone(e164: str) -> str:
    """Format a phone for people: `(11) 98765-4321`, a foreign one `+351 912 345 678`.

    A text that is not E.164, such as a masked phone, is returned unchanged.
    """
    if match := _BRAZILIAN_E164.fullmatch(e164):
        return "({}) {}-{}".format(*match.groups())
    if not _E164.fullmatch(e164):
        return e164
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def format_raw_phone(raw: str) -> str:
    """Format a phone that is stored as it was sent; any other text is returned unchanged."""
    return format_phone(normalise_phone(raw)) or raw


def spellings_of(phone: str) -> set[str]:
    """Return what may be stored, as it was sent, for a phone that somebody typed."""
    if not (e164 := normalise_phone(phone)):
        return {phone}
    return {phone, e164, e164[1:], e164.removeprefix("+55"), format_phone(e164)}


def phones_without_area(raw: str) -> list[str]:
    """Return the E.164 phones that eight or nine digits can be, one for each area code."""
    digits = _digits(raw)
    return [f"+55{area}{digits}" for area in AREAS] if len(digits) in (8, 9) else []


def normalise_email(raw: str) -> str:
    """Return the e-mail address in lower case; "" if the text is not one."""
    email = raw.strip().lower()
    return email if "@" in email else ""


def normalise_cep(raw: str) -> str:
    """Return the eight digits, with a lost leading zero restored; "" for anything else."""
    cep = _CEP_SEPARATORS.sub("", _DECIMAL_PART.sub("", clean_digits(raw)))
    return cep.zfill(8) if _CEP.fullmatch(cep) else ""


def format_cep(cep: str) -> str:
    """Return `01310-100`; a text that has not eight characters is returned unchanged."""
    return f"{cep[:5]}-{cep[5:]}" if len(cep) == 8 else cep


@cache_short(1024)
def normalise_state(raw: str) -> str:
    """Return the two letters of a Brazilian state (UF); any other text without outer spaces."""
    text = clean_text(raw)
    parts = _STATE_SEPARATORS.split(_STATE_PREFIX.sub("", _simplify(text)))
    words = " ".join(parts).split()
    forms = (" ".join(words), "".join(words), *map(str.strip, parts))
    codes = {_STATE_BY_WORD[form] for form in forms if form in _STATE_BY_WORD}
    return codes.pop() if len(codes) == 1 else text


def _digits(text: str) -> str:
    return _NOT_DIGITS.sub("", text)


def _brazilian(digits: str) -> str:
    match = _BRAZILIAN.fullmatch(digits)
    if not match or _is_placeholder(match["national"]):
        return ""
    return f"+55{match['national']}"


def _with_plus(digits: str) -> str:
    """Read digits behind a plus sign: foreign, or Brazilian without the country code."""
    foreign = _foreign(digits)
    # "+11 98765-0401": the plus is wrong, not the missing country code.
    for local in (digits, foreign[1:]):
        if _WITHOUT_COUNTRY.fullmatch(local) and not _is_valid_abroad(local):
            return _brazilian(local)
    return foreign


def _foreign(digits: str) -> str:
    """Parse digits that start with a country code. Numbering plans change: possible is enough."""
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number) or _is_placeholder(digits):
        return ""
    formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # The library drops one zero for calls inside the country at a time.
    return formatted if formatted == f"+{digits}" else _foreign(formatted[1:])


def _is_valid_abroad(digits: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        return False


def _is_placeholder(digits: str) -> bool:
    """Return whether all digits are equal, or all are zero after the area code."""
    return len(set(digits)) == 1 or set(digits[2:]) <= {"0"}
