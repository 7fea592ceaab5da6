"""Parse and compare the bodies of webhooks; numbers keep the digits that were sent. Pure."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeAlias

from flowzz.core.formatting import MAX_DEPTH, format_scalar, shorten, visible

MAX_FIELDS: Final = 5_000
MAX_DIFFERENCES: Final = 200
MAX_PATH: Final = 200
"""Characters of a path that are shown."""
Path: TypeAlias = tuple[str | int, ...]
Fields: TypeAlias = dict[Path, tuple[Any, Any]]


@dataclass(slots=True)  # not frozen: a body may have 125,000, and these are made ten times as fast
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
    try:
        return _JSON.decode(_text_of(body))
    except (ValueError, RecursionError):
        raise NotJson from None


def _text_of(body: bytes) -> str:
    try:
        return body.decode(json.detect_encoding(body))
    except UnicodeDecodeError:
        return body.decode("cp1252")


def differences(before: Any, after: Any, shown_before: Any, shown_after: Any) -> list[Difference]:
    """Return the fields that differ, in the order of `after`, with their values as shown.

    Of each body MAX_FIELDS are compared. At most MAX_DIFFERENCES are returned.
    """
    old, new = _fields(before, shown_before), _fields(after, shown_after)
    return list(islice(_compared(old, new), MAX_DIFFERENCES))


def _compared(old: Fields, new: Fields) -> Iterator[Difference]:
    for path, (value, shown) in new.items():
        if path not in old:
            yield Difference(_path(path), "added", after=_text(shown))
        elif old[path][0] != value:
            yield Difference(_path(path), "changed", _text(old[path][1]), _text(shown))
    for path in old:
        if path not in new:
            yield Difference(_path(path), "removed", before=_text(old[path][1]))


def _fields(value: Any, shown: Any) -> Fields:
    """Map each leaf's path to its value and its shown value; masking keeps order and shape."""
    leaves = islice(zip(_leaves(value, ()), _leaves(shown, ()), strict=False), MAX_FIELDS)
    return {path: (leaf, shown_leaf) for (path, leaf), (_, shown_leaf) in leaves}


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    children: Iterable[tuple[str | int, Any]] = ()
    if len(path) < MAX_DEPTH:
        if isinstance(value, dict):
            children = value.items()
        elif isinstance(value, list):
            children = enumerate(value, 1)
    if not value or not children:
        yield path, value
    for key, item in children:
        yield from _leaves(item, (*path, key))


def _path(path: Path) -> str:
    """Return `order.items[2].name`."""
    names = (f"[{name}]" if isinstance(name, int) else f".{name}" for name in path)
    return shorten("".join(names).removeprefix("."), MAX_PATH)


def _text(value: Any) -> str:
    text = value if isinstance(value, str) and value else format_scalar(value)
    return visible(shorten(text))
