"""Masking of buyers' personal data for staff who may not see it.

Masked are names, documents, phones, e-mails and addresses of buyers and affiliates. The sellers'
own data is not masked, nor are city, state and country, which identify nobody.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from functools import reduce
from typing import Any, Final

from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from flowzz.core.formatting import MAX_DEPTH

Mask = Callable[[str], str]
HIDDEN: Final = "***"
REVEALED_FOR: Final = timedelta(minutes=10)
_WORD: Final = re.compile(r"[^\s\"'<>]+")
_SESSION_KEY: Final = "revealed"


def mask_name(text: str) -> str:
    """`Maria de Souza` becomes `Ma*** d*** S***`."""
    words = text.split()
    return " ".join(word[: 1 if number else 2] + HIDDEN for number, word in enumerate(words))


def mask_email(text: str) -> str:
    """`maria@exemplo.com.br` becomes `m***@exemplo.com.br`."""
    local, separator, domain = text.partition("@")
    return f"{local[:1]}{HIDDEN}@{domain}" if separator else mask_text(text)


def mask_phone(text: str) -> str:
    """`+5562954544554` becomes `+55 62 ***-4554`; a foreign or short one keeps two digits."""
    digits = re.sub(r"\D", "", text)
    if digits.startswith("55") and len(digits) in (12, 13):
        return f"+55 {digits[2:4]} {HIDDEN}-{digits[-4:]}"
    return f"{HIDDEN}{digits[-2:]}" if len(digits) > 7 else mask_text(text)


def mask_document(text: str) -> str:
    """`12345678909` becomes `***.456.789-**`, a CNPJ `**.345.678/****-**`."""
    significant = re.sub(r"[^0-9A-Za-z]", "", text)
    if len(significant) == 11:
        return f"***.{significant[3:6]}.{significant[6:9]}-**"
    if len(significant) == 14:
        return f"**.{significant[2:5]}.{significant[5:8]}/****-**"
    return mask_text(text)


def mask_text(text: str) -> str:
    """Hide a whole text, such as a postal address; an empty one stays empty."""
    return HIDDEN if text else ""


MASKS: Final[dict[str, Mask]] = {
    "name": mask_name,
    "email": mask_email,
    "phone": mask_phone,
    "document": mask_document,
    "address": mask_text,
}


def mask_emails_in(text: str) -> str:
    """Mask the e-mails in a text that is not itself personal data."""
    return _WORD.sub(_mask_if_email, text) if "@" in text else text


def _mask_if_email(word: "re.Match[str]") -> str:
    return mask_email(word[0]) if "@" in word[0] else word[0]


def mask_payload(
    value: Any,
    kinds: Mapping[str, str],
    open_fields: Collection[str] = (),
    key: str = "",
    depth: int = 0,
) -> Any:
    """Mask a provider's JSON by the names of its fields.

    `kinds` gives the kind of each personal field (a key of `MASKS`). The fields in `open_fields`
    are shown; the values of all others are hidden, because they may contain anything. `key`
    is the name of the field with the value. Everything inside a personal field is hidden, and
    what is nested deeper than MAX_DEPTH.
    """
    if depth == MAX_DEPTH:
        return HIDDEN
    if isinstance(value, dict):
        if key in kinds:
            kinds, open_fields = {}, ()
        return {
            mask_emails_in(name): mask_payload(
                inner, kinds, open_fields, name.rsplit(".", 1)[-1], depth + 1
            )
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [mask_payload(inner, kinds, open_fields, key, depth + 1) for inner in value]
    if value is None or isinstance(value, bool):
        return value
    if key in kinds:
        return MASKS[kinds[key]](str(value))
    if key in open_fields:
        return mask_emails_in(value) if isinstance(value, str) else value
    return mask_text(str(value))


def can_see_personal_data(request: HttpRequest) -> bool:
    """Return whether the staff member sees the personal data of all rows."""
    return request.user.has_perm("accounts.view_personal_data")


def can_reveal(request: HttpRequest) -> bool:
    """Return whether the staff member may reveal one row's personal data, with a reason."""
    has_permission = request.user.has_perm("accounts.reveal_personal_data")
    return has_permission and not can_see_personal_data(request)


def is_visible(request: HttpRequest, row: Model) -> bool:
    """Return whether staff see the row's personal data now: by permission, or revealed."""
    if can_see_personal_data(request):
        return True
    until = request.session.get(_SESSION_KEY, {}).get(_session_key(row), 0)
    return bool(can_reveal(request) and until > timezone.now().timestamp())


def reveal(request: HttpRequest, row: Model) -> None:
    """Make the row's personal data visible in this session for ten minutes.

    The caller writes the audit log.
    """
    now = timezone.now()
    revealed = request.session.get(_SESSION_KEY, {})
    unexpired = {key: until for key, until in revealed.items() if until > now.timestamp()}
    until = (now + REVEALED_FOR).timestamp()
    request.session[_SESSION_KEY] = unexpired | {_session_key(row): until}


class MaskedRow(Exception):
    """Raised by an attempt to save a masked row."""


def mask_row(row: Model, masks: Mapping[str, Mask]) -> None:
    """Mask a row in memory, by paths such as `client__name`; it can't be saved afterwards."""
    for path, mask in masks.items():
        *relations, field = path.split("__")
        owner = follow(row, relations)
        if owner is None or field in vars(owner).setdefault("_masked", set()):
            continue
        vars(owner)["_masked"].add(field)
        if value := getattr(owner, field):
            setattr(owner, field, mask(str(value)))
            vars(owner)["save"] = _refuse_save


def follow(row: Any, names: Iterable[str]) -> Any:
    """Return the value at the end of a path of attributes; None if a relation is empty."""
    return reduce(lambda value, name: getattr(value, name, None), names, row)


def is_masked(row: Model) -> bool:
    return "_masked" in vars(row)


def _refuse_save(*_: object, **__: object) -> None:
    raise MaskedRow


def _session_key(row: Model) -> str:
    return f"{row._meta.label_lower}:{row.pk}"
