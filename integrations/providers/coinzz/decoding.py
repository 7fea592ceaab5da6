"""Decode a body's bytes to JSON values, and make values safe to store as JSON. Pure."""

import codecs
import json
import re
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

import msgspec

from clients.cleaning import clean_text
from integrations.providers.errors import PayloadInvalid

MAX_DEPTH: Final = 64
"""Levels of nested objects and lists; a real order has four."""

INVALID_UTF8: Final = "invalid_utf8"
"""The reason of a body in an unknown encoding."""

_MAX_DIGITS: Final = 4300
"""The most that Python converts; an integer with more stays a text."""

_INEXACT: Final = 10**15
"""Integers from here on are stored as texts: JavaScript, for one, would round them."""

THREE_DECIMALS: Final = re.compile(r"-?[0-9]+\.[0-9]{3}")
"""A number that, as a text, would be read as thousands: a zero behind it tells them apart."""

_NESTING: Final = frozenset({dict, list})
"""The types that decoders of JSON return, exactly: `isinstance` takes twice the time."""

_COMPRESSED: Final = (b"\x1f\x8b", b"x\x01", b"x\x5e", b"x\x9c", b"x\xda", b"\x28\xb5\x2f\xfd")
"""The first bytes of gzip, zlib (at its four levels) and zstd; no JSON begins with them."""

_CODINGS: Final = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress"})
"""Values of Content-Encoding that mean a compression. Some senders put the charset there."""

_FORM: Final = re.compile(r"[\w.%+\[\]-]+=|--")
"""The first characters of a urlencoded or multipart form."""


_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_WINDOWS: Final = "cp1252"
"""The encoding of Windows in Brazil; most senders of ISO-8859-1 mean it."""
_CHARSETS: Final = dict.fromkeys(("iso8859-1", "ascii", "cp1252"), _WINDOWS) | {
    "iso8859-15": "iso8859-15"
}
"""Encodings that a body may declare, by Python's name; UTF-8, -16 and -32 are recognised."""


def decode_json(body: bytes, *, content_type: str = "", content_encoding: str = "") -> Any:
    """Return the JSON value in `body`; the last of equal keys wins.

    The text is UTF-8, -16 or -32 with or without a BOM, else what `content_type` declares. Numbers
    with a fraction are returned as Decimal, and those beyond its range as texts: nothing is
    rounded. Raises PayloadInvalid.
    """
    codings = content_encoding.lower().replace(",", " ").split()
    if not _CODINGS.isdisjoint(codings) or body.startswith(_COMPRESSED):
        raise PayloadInvalid("compressed_body", "O corpo veio comprimido; envie sem compressão.")
    try:
        return _STRICT_JSON.decode(body)
    except (ValueError, ArithmeticError, RecursionError):
        return _decode_tolerantly(body, content_type)


def _decode_tolerantly(body: bytes, content_type: str) -> Any:
    """Decode what strict JSON in UTF-8 is not, or say what is wrong with it."""
    text = _decode_text(body, content_type).lstrip("\ufeff").rstrip("\0")
    if not text.strip():
        raise PayloadInvalid("empty_body", "O corpo veio vazio.")
    try:
        return _JSON.decode(text)
    except json.JSONDecodeError as error:
        raise _invalid_json(text, error) from None
    except RecursionError:
        raise _too_deep() from None


def decode_json_text(value: Any) -> Any:
    """Return the object or list in a text of JSON; any other value unchanged."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        with suppress(PayloadInvalid):
            found = decode_json(value.encode(errors="replace"))
            reject_deep([found])
            return found
    return value


def unwrap(value: Any) -> Any:
    """Return the object in a list of one, or in a text of JSON: relays wrap objects so."""
    found = decode_json_text(value)
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    return found if isinstance(found, dict) else value


def json_safe(value: Any) -> Any:
    """Return a decoded value in a form that our JSON and PostgreSQL can store without rounding."""
    if isinstance(value, str):
        return clean_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict):
        return {clean_text(str(key)): json_safe(child) for key, child in value.items()}
    if isinstance(value, list):
        return [json_safe(child) for child in value]
    if isinstance(value, int) and abs(value) < _INEXACT:
        return value
    text = str(value)
    return f"{text}0" if THREE_DECIMALS.fullmatch(text) else text


def may_be_deep(body: bytes) -> bool:
    """Return whether `body` has enough brackets to be nested deeper than MAX_DEPTH."""
    return body.count(b"{") + body.count(b"[") > MAX_DEPTH


def reject_deep(value: Any) -> None:
    """Raise PayloadInvalid if `value` is nested deeper than MAX_DEPTH."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if type(node) is dict else node)
            if type(child) in _NESTING
        ]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> PayloadInvalid:
    return PayloadInvalid(
        "too_deep",
        f"O JSON tem mais de {MAX_DEPTH} níveis de objetos ou listas, um dentro do outro.",
    )


def replace_invalid_bytes(body: bytes) -> bytes:
    """Return a body with invalid bytes in UTF-8: from Windows' encoding if nothing in it is UTF-8.

    Some accents of a mixed body become replacement characters. The result has a BOM: a null byte
    at its start would mean UTF-16.
    """
    text = body.decode(errors="replace")
    if text.replace("\N{REPLACEMENT CHARACTER}", "").isascii():
        text = body.decode(_WINDOWS, errors="replace")
    return text.encode("utf-8-sig")


def _decode_text(body: bytes, content_type: str) -> str:
    if not (body[:1] == b"{" and body[1:2] > b"\0"):
        with suppress(UnicodeDecodeError):
            return body.decode(json.detect_encoding(body))
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        if (charset := _declared_charset(content_type)) is not None:
            return body.decode(charset, errors="replace")
        raise PayloadInvalid(
            INVALID_UTF8, f"O corpo não está em UTF-8 (byte {error.start + 1})."
        ) from None


def _declared_charset(content_type: str) -> str | None:
    if match := _CHARSET.search(content_type):
        with suppress(LookupError):
            return _CHARSETS.get(codecs.lookup(match[1]).name)
    return None


def _invalid_json(text: str, error: json.JSONDecodeError) -> PayloadInvalid:
    if _FORM.match(text):
        return PayloadInvalid(
            "form_body", "O corpo é um formulário; o webhook deve ser enviado como JSON."
        )
    return PayloadInvalid(
        "invalid_json",
        f"O corpo não é um JSON válido (linha {error.lineno}, coluna {error.colno}).",
    )


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MAX_DIGITS else digits


def _fraction(digits: str) -> Decimal | str:
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent beyond Decimal's
        return digits


def _reject_constant(_: str) -> NoReturn:
    raise PayloadInvalid(
        "invalid_json", "O corpo não é um JSON válido: contém NaN ou Infinity, que não são números."
    )


_STRICT_JSON: Final = msgspec.json.Decoder(float_hook=Decimal)
"""Takes half of the time, and agrees with `_JSON` on all that it accepts."""
# Not strict: a raw tab or line break inside a text is harmless.
_JSON: Final = json.JSONDecoder(
    parse_float=_fraction, parse_int=_integer, parse_constant=_reject_constant, strict=False
)
