"""The metadata of a sale: what its source reports and no column has. Pure."""

from typing import Any, Final

NESTED_METADATA: Final = ("utms", "extra")


def merge_metadata(base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    merged = base | overrides
    for name in NESTED_METADATA:
        if name in base and name in overrides:
            merged[name] = _merge_sections(base[name], overrides[name])
    return merged


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
