"""What would break those who use the API: `python -m tests.api_contract`, a part of `make lint`.

Compares docs/openapi.yaml with docs/openapi-released.yaml, the last one that was released. A
breaking change needs a line that names its address under "### Breaking" in the changelog.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import yaml

from flowzz.local.servers.paths import PROJECT

Document = dict[str, Any]
SEVERAL = ("allOf", "oneOf", "anyOf")
SECTION = re.compile(r"^## Unreleased$.*?^### Breaking$(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(slots=True)
class Shape:
    """A schema with all that it refers to at its own level."""

    types: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)
    properties: Document = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    items: Document = field(default_factory=dict)

    @classmethod
    def of(cls, schema: Document, components: Document) -> Self:
        shape = cls()
        shape._add(schema, components)
        return shape

    def _add(self, schema: Document, components: Document) -> None:
        if reference := schema.get("$ref"):
            self._add(components[reference.rpartition("/")[2]], components)
        for part in (part for several in SEVERAL for part in schema.get(several, ())):
            self._add(part, components)
        kind = schema.get("type", [])
        kinds = [kind] if isinstance(kind, str) else kind
        self.types |= {f"{k} {schema.get('format', '')}".strip() for k in kinds}
        self.values |= {str(value) for value in schema.get("enum", ()) if value is not None}
        self.properties |= schema.get("properties", {})
        self.required |= set(schema.get("required", ()))
        self.items |= schema.get("items", {})


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two documents, and the schemas in them that are being compared."""

    old: Document
    new: Document
    is_request: bool = False

    def schemas(self, old: Document, new: Document, at: str, depth: int = 0) -> Iterator[str]:
        before, after = Shape.of(old, self.old), Shape.of(new, self.new)
        wanted, given = (before, after) if self.is_request else (after, before)
        if wanted.types - given.types:
            yield f"{at}: type {_listed(before.types)} became {_listed(after.types)}"
        for value in sorted(before.values - after.values if after.values else ()):
            yield f"{at}: value {value} removed"
        for name in sorted(wanted_newly(before, after, is_request=self.is_request)):
            yield f"{at}.{name}: {'newly required' if self.is_request else 'no longer sure'}"
        for name in sorted(before.properties.keys() - after.properties.keys()):
            yield f"{at}.{name}: removed"
        if depth > 8:  # a schema that holds itself
            return
        for name in before.properties.keys() & after.properties.keys():
            inner = before.properties[name], after.properties[name]
            yield from self.schemas(*inner, f"{at}.{name}", depth + 1)
        if before.items and after.items:
            yield from self.schemas(before.items, after.items, f"{at}[]", depth + 1)


def wanted_newly(before: Shape, after: Shape, *, is_request: bool) -> set[str]:
    if is_request:
        return after.required - before.required
    return (before.required - after.required) & after.properties.keys()


def breaking_changes(old: Document, new: Document) -> Iterator[str]:
    """Each begins with method and path of the call."""
    for path, methods in old["paths"].items():
        for method, call in methods.items():
            at = f"{method.upper()} {path}"
            now = new["paths"].get(path, {}).get(method)
            if now is None:
                yield f"{at}: removed"
            else:
                yield from _call(old, new, (call, now), at)


def _call(old: Document, new: Document, calls: tuple[Document, Document], at: str) -> Iterator[str]:
    before, after = calls
    schemas = old["components"]["schemas"], new["components"]["schemas"]
    requests = Comparison(*schemas, is_request=True)
    yield from _parameters(requests, before, after, at)
    yield from _bodies(
        requests, before.get("requestBody", {}), after.get("requestBody", {}), f"{at} request"
    )
    if after.get("requestBody", {}).get("required") and "requestBody" not in before:
        yield f"{at} request: newly required"
    for status, response in before["responses"].items():
        if status in after["responses"]:
            told = after["responses"][status]
            yield from _bodies(Comparison(*schemas), response, told, f"{at} {status}")
        elif status.startswith("2"):
            yield f"{at} {status}: removed"


def _parameters(
    comparison: Comparison, before: Document, after: Document, at: str
) -> Iterator[str]:
    known = {(p["in"], p["name"]): p for p in before.get("parameters", ())}
    now = {(p["in"], p["name"]): p for p in after.get("parameters", ())}
    for key, parameter in known.items():
        if key not in now:
            yield f"{at} ?{key[1]}: removed"
        else:
            yield from comparison.schemas(
                parameter["schema"], now[key]["schema"], f"{at} ?{key[1]}"
            )
    for key, parameter in now.items():
        if parameter.get("required") and not known.get(key, {}).get("required"):
            yield f"{at} ?{key[1]}: newly required"


def _bodies(comparison: Comparison, before: Document, after: Document, at: str) -> Iterator[str]:
    now = after.get("content", {})
    for media, body in before.get("content", {}).items():
        if media not in now:
            yield f"{at} {media}: removed"
        elif "schema" in body:
            yield from comparison.schemas(body["schema"], now[media].get("schema", {}), at)


def _listed(types: set[str]) -> str:
    return " or ".join(sorted(types)) or "anything"


def untold(changes: list[str], changelog: str) -> list[str]:
    """Those whose address no line of the changelog's section names."""
    section = SECTION.search(changelog)
    told = section[1] if section else ""
    return [change for change in changes if _path_of(change) not in told.split()]


def _path_of(change: str) -> str:
    return change.split()[1].rstrip(":")


def main() -> int:
    old, new = (
        yaml.load((PROJECT / "docs" / name).read_text("utf-8"), Loader=yaml.CSafeLoader)
        for name in ("openapi-released.yaml", "openapi.yaml")
    )
    problems = untold(list(breaking_changes(old, new)), (PROJECT / "CHANGELOG.md").read_text())
    if problems:
        sys.stderr.write(
            "\n".join(problems) + "\nThis breaks users of the API. Take it back, or write a line "
            "with the address under '### Breaking' in CHANGELOG.md.\n"
        )
    return len(problems) and 1


if __name__ == "__main__":
    raise SystemExit(main())
