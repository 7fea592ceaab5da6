"""The metadata of a sale: what its source reports and no column has. Pure."""

import json
from collections.abc import Iterator
from typing import Any, Final

import orjson

NESTED_METADATA: Final = ("utms", "extra")
MAX_BYTES: Final = 64 * 1024
"""The limit of a sale's metadata: events may bring new fields, and rewrite the whole row."""
MAX_VALUES: Final = 2_000
"""In lists and objects, of all levels: in memory an empty one takes 24 times its JSON."""
MAX_EXTRA_FIELDS: Final = 200
DROPPED: Final = "dropped"
"""The field that lists the paths of fields that were left out."""
MAX_DROPPED, MAX_PATH = 100, 100

Path = tuple[str, ...]


def merge_metadata(base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """Merge within the limits; see `limit_metadata`. A missing value replaces no known one."""
    merged = base | overrides
    for name in base.keys() & overrides.keys():
        merge = _merge_sections if name in NESTED_METADATA else _with_known_values
        merged[name] = merge(base[name], overrides[name])
    return limit_metadata(merged)


def limit_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is over the limits: of the unknown fields, the last ones.

    A repetition of the same report leaves out the same fields, so that it changes nothing.
    """
    text = _json(metadata)
    # As many values as there are commas and brackets at most, and fewer where a text has some.
    has_few_values = sum(map(text.count, b",[{")) <= MAX_VALUES or _values(metadata) <= MAX_VALUES
    has_few_fields = _count(metadata.get("extra")) <= MAX_EXTRA_FIELDS
    if len(text) <= MAX_BYTES and has_few_values and has_few_fields:
        return metadata
    limited: dict[str, Any] = {}
    dropped: list[str] = metadata.get(DROPPED, [])
    left, values_left, extra_left = MAX_BYTES, MAX_VALUES, MAX_EXTRA_FIELDS
    for path, value in _fields(metadata):
        size, values = len(_json(value)) + len(_json(path)), _values(value)
        is_extra_over = path[0] == "extra" and not extra_left
        if size > left or values > values_left or is_extra_over:
            dropped = _with_dropped(dropped, path)
            continue
        left -= size
        values_left -= values
        extra_left -= path[0] == "extra"
        section = limited
        for name in path[:-1]:
            section = section.setdefault(name, {})
        section[path[-1]] = value
    return limited | ({DROPPED: dropped} if dropped else {})


def _fields(metadata: dict[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Yield the fields with a name of their own, then those of `utms` and `extra`."""
    for name, value in metadata.items():
        if name not in (*NESTED_METADATA, DROPPED):
            yield (name,), value
    for nested in NESTED_METADATA:
        for name, value in metadata.get(nested, {}).items():
            if isinstance(value, dict):
                yield from (((nested, name, key), inner) for key, inner in value.items())
            else:
                yield (nested, name), value


def _with_dropped(dropped: list[str], path: Path) -> list[str]:
    name = ".".join(path)[:MAX_PATH]
    is_listed = name in dropped or len(dropped) >= MAX_DROPPED
    return dropped if is_listed else sorted([*dropped, name])


def _count(extra: dict[str, Any] | None) -> int:
    sizes = (len(value) if isinstance(value, dict) else 1 for value in (extra or {}).values())
    return sum(sizes)


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # a number or text that only Python's JSON accepts
        return json.dumps(value, default=str).encode()


def _values(value: Any) -> int:
    """Count a value and all that it contains."""
    if not isinstance(value, dict | list):
        return 1
    return 1 + sum(map(_values, value.values() if isinstance(value, dict) else value))


def _with_known_values(known: Any, value: Any) -> Any:
    """Return a value with what is known where it has none: as a field, or of a list's object."""
    if value is None:
        return known
    if isinstance(value, dict) and isinstance(known, dict):
        return known | {name: item for name, item in value.items() if item is not None}
    if isinstance(value, list) and isinstance(known, list):
        return [_with_known_values(_same_object(item, known), item) for item in value]
    return value


def _same_object(item: Any, known: list[Any]) -> Any:
    """Return the known object with all values of an object that has one at least."""
    values = item.items() if isinstance(item, dict) else ()
    reported = [(name, value) for name, value in values if value is not None]
    objects = (entry for entry in known if isinstance(entry, dict) and reported)
    return next((e for e in objects if all(e.get(n) == value for n, value in reported)), None)


def _merge_sections(base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """Merge unknown fields, which `extra` has by section."""
    both = {
        name: base[name] | section
        for name, section in overrides.items()
        if isinstance(section, dict) and isinstance(base.get(name), dict)
    }
    return base | overrides | both


def without_fields(metadata: dict[str, Any], names: list[str]) -> dict[str, Any]:
    if not names:
        return metadata
    return {name: value for name, value in metadata.items() if name not in names}


def without_unreadable(metadata: dict[str, Any], name: str) -> dict[str, Any]:
    """Remove a field's unreadable value from the metadata; `name` is `order.order_quantity`."""
    section, _, key = name.partition(".")
    extra = dict(metadata.get("extra", {}))
    fields = extra.pop(section, None)
    if isinstance(fields, dict) and (rest := {k: v for k, v in fields.items() if k != key}):
        extra[section] = rest
    rest = {key: value for key, value in metadata.items() if key != "extra"}
    return rest | {"extra": extra} if extra else rest
