"""From a body's bytes to JSON values, whatever was sent. Pure."""

import json
import re
from typing import Any, Final, NoReturn

from integrations.providers.errors import PayloadInvalid

MAX_DEPTH: Final = 64
"""Levels of objects and lists inside each other; a real order has four."""

_EXACT_DIGITS: Final = 15
"""Longer integers stay text: every reader of our JSON, JavaScript too, then keeps all digits."""

_NESTING: Final = (dict, list)

_COMPRESSED: Final = (b"\x1f\x8b", b"x\x01", b"x\x5e", b"x\x9c", b"x\xda", b"\x28\xb5\x2f\xfd")
"""How gzip, zlib (at its four levels) and zstd begin; no JSON does."""

_FORM: Final = re.compile(r"[\w.%+\[\]-]+=|--")
"""How a urlencoded or multipart form begins."""


def read_json(body: bytes, *, content_encoding: str = "") -> Any:
    """The JSON value in `body`, UTF-8 with or without a BOM; of equal keys the last one stands.

    Numbers with a fraction, or with more than 15 digits, come as their text: nothing is rounded.
    Raises PayloadInvalid.
    """
    if content_encoding.strip().lower() not in {"", "identity"} or body.startswith(_COMPRESSED):
        raise PayloadInvalid("compressed_body", "O corpo veio comprimido; envie sem compressão.")
    text = _decoded(body)
    if not text.strip():
        raise PayloadInvalid("empty_body", "O corpo veio vazio.")
    try:
        return _JSON.decode(text)
    except json.JSONDecodeError as error:
        raise _not_json(text, error) from None
    except RecursionError:
        raise too_deep() from None


def may_be_deep(body: bytes) -> bool:
    """Whether `body` has brackets enough to be nested beyond MAX_DEPTH."""
    return body.count(b"{") + body.count(b"[") > MAX_DEPTH


def refuse_deep(value: Any) -> None:
    """Raise PayloadInvalid where `value` is nested beyond MAX_DEPTH."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, _NESTING)
        ]
        if not level:
            return
    raise too_deep()


def too_deep() -> PayloadInvalid:
    return PayloadInvalid(
        "too_deep",
        f"O JSON tem mais de {MAX_DEPTH} níveis de objetos ou listas, um dentro do outro.",
    )


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PayloadInvalid(
            "invalid_utf8", f"O corpo não está em UTF-8 (byte {error.start + 1})."
        ) from None


def _not_json(text: str, error: json.JSONDecodeError) -> PayloadInvalid:
    if _FORM.match(text):
        return PayloadInvalid(
            "form_body", "O corpo é um formulário; o webhook deve ser enviado como JSON."
        )
    return PayloadInvalid(
        "invalid_json",
        f"O corpo não é um JSON válido (linha {error.lineno}, coluna {error.colno}).",
    )


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _EXACT_DIGITS else digits


def _refuse_constant(_: str) -> NoReturn:
    raise PayloadInvalid(
        "invalid_json", "O corpo não é um JSON válido: contém NaN ou Infinity, que não são números."
    )


# Not strict: a raw tab or line break inside a text is a sender's slip that loses nothing.
_JSON: Final = json.JSONDecoder(
    parse_float=str, parse_int=_integer, parse_constant=_refuse_constant, strict=False
)
