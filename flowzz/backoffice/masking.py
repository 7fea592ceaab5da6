"""Personal data of buyers, masked for staff who may not see it.

Masked: names, documents, phones, e-mails and addresses of buyers and affiliates. Not masked: the
sellers' own, who are our customers, and city, state and country, which name nobody.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any, Final

from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

Mask = Callable[[str], str]
HIDDEN: Final = "***"
REVEALED_FOR: Final = timedelta(minutes=10)
_EMAIL: Final = re.compile(r"[^\s@\"'<>]+@[^\s@\"'<>]+")
_SESSION_KEY: Final = "revealed"


def name(text: str) -> str:
    """`Maria de Souza` as `Ma*** d*** S***`."""
    words = text.split()
    return " ".join(word[: 2 if first == 0 else 1] + HIDDEN for first, word in enumerate(words))


def email(text: str) -> str:
    """`maria@exemplo.com.br` as `m***@exemplo.com.br`."""
    local, separator, domain = text.partition("@")
    return f"{local[:1]}{HIDDEN}@{domain}" if separator else masked_text(text)


def phone(text: str) -> str:
    """`+5562954544554` as `+55 62 ***-4554`; of a foreign or short one the last two digits."""
    digits = re.sub(r"\D", "", text)
    if digits.startswith("55") and len(digits) in (12, 13):
        return f"+55 {digits[2:4]} {HIDDEN}-{digits[-4:]}"
    return f"{HIDDEN}{digits[-2:]}" if len(digits) > 7 else masked_text(text)


def document(text: str) -> str:
    """`12345678909` as `***.456.789-**`; a CNPJ as `**.345.678/****-**`."""
    significant = re.sub(r"[^0-9A-Za-z]", "", text)
    if len(significant) == 11:
        return f"***.{significant[3:6]}.{significant[6:9]}-**"
    if len(significant) == 14:
        return f"**.{significant[2:5]}.{significant[5:8]}/****-**"
    return masked_text(text)


def masked_text(text: str) -> str:
    """Nothing of it, but that it is there: for addresses and what has no form."""
    return HIDDEN if text else ""


address = masked_text
MASKS: Final[dict[str, Mask]] = {
    "name": name,
    "email": email,
    "phone": phone,
    "document": document,
    "address": address,
}


def text(value: str) -> str:
    """A text that is no personal field, without the e-mails that may stand in it."""
    return _EMAIL.sub(lambda found: email(found[0]), value)


def payload(value: Any, kinds: Mapping[str, str], open_fields: Collection[str] = ()) -> Any:
    """JSON as a provider sent it, masked by the names of its fields.

    `kinds` says what a personal field holds (a key of `MASKS`); `open_fields` are shown. Of all
    others, an unknown field's value is hidden, since it may be anything.
    """
    return _payload(value, "", kinds, frozenset(open_fields))


def _payload(value: Any, key: str, kinds: Mapping[str, str], shown: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {
            text(inner): _payload(held, inner.rsplit(".", 1)[-1], kinds, shown)
            for inner, held in value.items()
        }
    if isinstance(value, list):
        return [_payload(held, key, kinds, shown) for held in value]
    if value is None or isinstance(value, bool):
        return value
    if key in kinds:
        return MASKS[kinds[key]](str(value))
    if key in shown:
        return text(value) if isinstance(value, str) else value
    return masked_text(str(value))


def may_see(request: HttpRequest) -> bool:
    """Whether this person of staff sees everybody's personal data."""
    return bool(request.user.has_perm("accounts.view_personal_data"))


def may_reveal(request: HttpRequest) -> bool:
    """Whether this person may ask to see one record's, saying why."""
    return not may_see(request) and bool(request.user.has_perm("accounts.reveal_personal_data"))


def is_shown(request: HttpRequest, row: Model) -> bool:
    """Whether a row's personal data is shown to this person now: by permission, or revealed."""
    if may_see(request):
        return True
    until = request.session.get(_SESSION_KEY, {}).get(_key(row), 0)
    return bool(may_reveal(request) and until > timezone.now().timestamp())


def reveal(request: HttpRequest, row: Model) -> None:
    """Show the row's personal data to this person for ten minutes; the caller writes the trail."""
    now = timezone.now()
    revealed = request.session.get(_SESSION_KEY, {})
    still = {key: until for key, until in revealed.items() if until > now.timestamp()}
    until = (now + REVEALED_FOR).timestamp()
    request.session[_SESSION_KEY] = still | {_key(row): until}


class MaskedRow(Exception):
    """A row whose values are masked was about to be saved."""


def mask(row: Model, personal: Mapping[str, Mask]) -> None:
    """Mask a row in memory, by paths such as `client__name`; it can't be saved after that."""
    for path, mask_of in personal.items():
        owner, field = _owner(row, path)
        if owner is not None and (value := getattr(owner, field)):
            setattr(owner, field, mask_of(str(value)))
            vars(owner)["save"] = _refuse


def is_masked(row: Model) -> bool:
    return "_masked" in vars(row)


def _owner(row: Model, path: str) -> tuple[Model | None, str]:
    *steps, field = path.split("__")
    owner: Model | None = row
    for step in steps:
        owner = getattr(owner, step, None)
    already = owner is not None and field in vars(owner).setdefault("_masked", set())
    if owner is None or already:
        return None, field
    vars(owner)["_masked"].add(field)
    return owner, field


def _refuse(*_: object, **__: object) -> None:
    raise MaskedRow


def _key(row: Model) -> str:
    return f"{row._meta.label_lower}:{row.pk}"
