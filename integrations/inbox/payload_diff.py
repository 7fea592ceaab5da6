"""Bodies of webhooks as people read them: every digit as it was sent. Pure."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written: `150.90` is not `150.9`."""

    written: str

    def __str__(self) -> str:
        return self.written


_JSON = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=Number, strict=False)


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that two bodies don't agree on."""

    path: str
    kind: str
    """`added`, `removed` or `changed`."""
    before: str = ""
    after: str = ""


class NotJson(Exception):
    """The body can't be shown by its fields."""


def parse(body: bytes) -> Any:
    """The JSON value, its keys in order and its numbers as `Number`; raises NotJson."""
    try:
        return _JSON.decode(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise NotJson from None


def pretty(value: Any) -> str:
    """A parsed value, indented; raises NotJson where it is too deep."""
    try:
        return visible(_written(value, ""))
    except RecursionError:
        raise NotJson from None


def visible(text: str) -> str:
    """A text whose control characters and turns of direction show as what they are."""
    return _INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def differences(before: Any, after: Any, shown_before: Any, shown_after: Any) -> list[Difference]:
    """What changed between two values, told by how each is shown; in the order of `after`."""
    old, new = _fields(before, shown_before), _fields(after, shown_after)
    found = []
    for path, (value, shown) in new.items():
        if path not in old:
            found.append(Difference(path, "added", after=shown))
        elif old[path][0] != value:
            found.append(Difference(path, "changed", before=old[path][1], after=shown))
    gone = [path for path in old if path not in new]
    return found + [Difference(path, "removed", before=old[path][1]) for path in gone]


def _written(value: Any, indent: str) -> str:
    inner = indent + "  "
    if isinstance(value, dict) and value:
        lines = [f"{inner}{_scalar(key)}: {_written(held, inner)}" for key, held in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        lines = [inner + _written(held, inner) for held in value]
        return "[\n" + ",\n".join(lines) + f"\n{indent}]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    return value.written if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


def _fields(value: Any, shown: Any) -> dict[str, tuple[Any, str]]:
    """Each leaf by its path, with how it is shown: masking keeps the order and the shape."""
    leaves, masked = list(_leaves(value, "")), list(_leaves(shown, ""))
    return {
        path: (leaf, visible(_told(seen)))
        for (path, leaf), (_, seen) in zip(leaves, masked, strict=len(leaves) == len(masked))
    }


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, held in value.items():
            yield from _leaves(held, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for number, held in enumerate(value, 1):
            yield from _leaves(held, f"{path}[{number}]")
    else:
        yield path, value


def _told(value: Any) -> str:
    return value if isinstance(value, str) and value else _scalar(value)
