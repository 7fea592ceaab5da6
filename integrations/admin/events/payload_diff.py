"""Format and compare the bodies of webhooks; numbers keep the digits that were sent. Pure."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number with the digits that were sent: `150.90` is not `150.9`."""

    digits: str

    def __str__(self) -> str:
        return self.digits


_JSON = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=Number, strict=False)


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that differs between two bodies."""

    path: str
    kind: str
    """`added`, `removed` or `changed`."""
    before: str = ""
    after: str = ""


class NotJson(Exception):
    """The body is not JSON, or is nested too deeply."""


def parse(body: bytes) -> Any:
    """Parse JSON with its keys in order and its numbers as `Number`. Raises NotJson.

    A body that is not Unicode is read in the encoding of Windows, as the reader of values does.
    """
    for encoding in ("utf-8-sig", json.detect_encoding(body), "cp1252"):
        with suppress(ValueError, RecursionError):
            return _JSON.decode(body.decode(encoding))
    raise NotJson


def pretty(value: Any) -> str:
    """Format a parsed value with indentation. Raises NotJson if it is nested too deeply."""
    try:
        return visible(_indented(value, ""))
    except RecursionError:
        raise NotJson from None


def visible(text: str) -> str:
    """Escape control characters and changes of text direction."""
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def differences(before: Any, after: Any, shown_before: Any, shown_after: Any) -> list[Difference]:
    """Return the fields that differ, in the order of `after`, with their values as shown."""
    old, new = _fields(before, shown_before), _fields(after, shown_after)
    result = []
    for path, (value, shown) in new.items():
        if path not in old:
            result.append(Difference(path, "added", after=shown))
        elif old[path][0] != value:
            result.append(Difference(path, "changed", before=old[path][1], after=shown))
    removed = [path for path in old if path not in new]
    return result + [Difference(path, "removed", before=old[path][1]) for path in removed]


def _indented(value: Any, indent: str) -> str:
    inner = indent + "  "
    if isinstance(value, dict) and value:
        lines = [f"{inner}{_scalar(key)}: {_indented(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        lines = [inner + _indented(item, inner) for item in value]
        return "[\n" + ",\n".join(lines) + f"\n{indent}]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    return value.digits if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


def _fields(value: Any, shown: Any) -> dict[str, tuple[Any, str]]:
    """Map each leaf's path to its value and its shown value; masking keeps order and shape."""
    leaves, masked = list(_leaves(value, "")), list(_leaves(shown, ""))
    return {
        path: (leaf, visible(_text(masked_leaf)))
        for (path, leaf), (_, masked_leaf) in zip(leaves, masked, strict=len(leaves) == len(masked))
    }


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for number, item in enumerate(value, 1):
            yield from _leaves(item, f"{path}[{number}]")
    else:
        yield path, value


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value else _scalar(value)
