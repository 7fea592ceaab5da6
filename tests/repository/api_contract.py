"""Detects breaking changes of the API: `python -m tests.repository.api_contract`.

Compares docs/openapi.yaml with docs/openapi-released.yaml, the latest released one. A breaking
change needs a line with its path under "### Breaking" in the changelog. `make lint` runs it.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import yaml

from flowzz.local.servers.paths import PROJECT

Document = dict[str, Any]
COMBINATIONS = ("allOf", "oneOf", "anyOf")
BREAKING_SECTION = re.compile(
    r"^## [^\n]*\(unreleased\)$.*?^### Breaking$(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL
)


@dataclass(slots=True)
class MergedSchema:
    """A schema merged with the schemas that it references or combines."""

    types: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)
    properties: Document = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    items: Document = field(default_factory=dict)

    @classmethod
    def merge(cls, schema: Document, components: Document) -> Self:
        merged = cls()
        merged._add(schema, components)
        return merged

    def _add(self, schema: Document, components: Document) -> None:
        if reference := schema.get("$ref"):
            self._add(components[reference.rpartition("/")[2]], components)
        for part in (part for name in COMBINATIONS for part in schema.get(name, ())):
            self._add(part, components)
        type_ = schema.get("type", [])
        names = [type_] if isinstance(type_, str) else type_
        self.types |= {f"{name} {schema.get('format', '')}".strip() for name in names}
        self.values |= {str(value) for value in schema.get("enum", ()) if value is not None}
        self.properties |= schema.get("properties", {})
        self.required |= set(schema.get("required", ()))
        self.items |= schema.get("items", {})


@dataclass(frozen=True, slots=True)
class Comparison:
    """The component schemas of two documents, for the comparison of requests or responses."""

    old: Document
    new: Document
    is_request: bool = False

    def changes(self, old: Document, new: Document, path: str, depth: int = 0) -> Iterator[str]:
        """Yield the breaking changes between two schemas."""
        before, after = MergedSchema.merge(old, self.old), MergedSchema.merge(new, self.new)
        sent, accepted = (before, after) if self.is_request else (after, before)
        if sent.types - accepted.types:
            yield f"{path}: type {_type_names(before.types)} became {_type_names(after.types)}"
        for value in sorted(before.values - after.values if after.values else ()):
            yield f"{path}: value {value} removed"
        for name in sorted(_changed_requirements(before, after, is_request=self.is_request)):
            yield f"{path}.{name}: {'newly required' if self.is_request else 'no longer required'}"
        for name in sorted(before.properties.keys() - after.properties.keys()):
            yield f"{path}.{name}: removed"
        if depth > 8:  # a recursive schema
            return
        for name in before.properties.keys() & after.properties.keys():
            schemas = before.properties[name], after.properties[name]
            yield from self.changes(*schemas, f"{path}.{name}", depth + 1)
        if before.items and after.items:
            yield from self.changes(before.items, after.items, f"{path}[]", depth + 1)


def _changed_requirements(
    before: MergedSchema, after: MergedSchema, *, is_request: bool
) -> set[str]:
    if is_request:
        return after.required - before.required
    return (before.required - after.required) & after.properties.keys()


def breaking_changes(old: Document, new: Document) -> Iterator[str]:
    """Yield the changes. Each begins with the method and the path."""
    for path, methods in old["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            new_operation = new["paths"].get(path, {}).get(method)
            if new_operation is None:
                yield f"{name}: removed"
            else:
                yield from _operation_changes(old, new, (operation, new_operation), name)


def _operation_changes(
    old: Document, new: Document, operations: tuple[Document, Document], path: str
) -> Iterator[str]:
    before, after = operations
    schemas = old["components"]["schemas"], new["components"]["schemas"]
    requests = Comparison(*schemas, is_request=True)
    yield from _parameter_changes(requests, before, after, path)
    yield from _body_changes(
        requests, before.get("requestBody", {}), after.get("requestBody", {}), f"{path} request"
    )
    if after.get("requestBody", {}).get("required") and "requestBody" not in before:
        yield f"{path} request: newly required"
    for status, response in before["responses"].items():
        if status in after["responses"]:
            new_response = after["responses"][status]
            responses = response, new_response
            yield from _body_changes(Comparison(*schemas), *responses, f"{path} {status}")
        elif status.startswith("2"):
            yield f"{path} {status}: removed"


def _parameter_changes(
    comparison: Comparison, before: Document, after: Document, path: str
) -> Iterator[str]:
    old, new = _parameters_of(before), _parameters_of(after)
    for key, parameter in old.items():
        if key not in new:
            yield f"{path} ?{key[1]}: removed"
        else:
            yield from comparison.changes(
                parameter["schema"], new[key]["schema"], f"{path} ?{key[1]}"
            )
    for key, parameter in new.items():
        if parameter.get("required") and not old.get(key, {}).get("required"):
            yield f"{path} ?{key[1]}: newly required"


def _parameters_of(operation: Document) -> dict[tuple[str, str], Document]:
    return {(entry["in"], entry["name"]): entry for entry in operation.get("parameters", ())}


def _body_changes(
    comparison: Comparison, before: Document, after: Document, path: str
) -> Iterator[str]:
    new = after.get("content", {})
    for media, body in before.get("content", {}).items():
        if media not in new:
            yield f"{path} {media}: removed"
        elif "schema" in body:
            yield from comparison.changes(body["schema"], new[media].get("schema", {}), path)


def _type_names(types: set[str]) -> str:
    return " or ".join(sorted(types)) or "anything"


def undocumented(changes: list[str], changelog: str) -> list[str]:
    """Return the changes whose path is not in the changelog's section of breaking changes."""
    section = BREAKING_SECTION.search(changelog)
    words = section[1].split() if section else []
    return [change for change in changes if _path_of(change) not in words]


def _path_of(change: str) -> str:
    return change.split()[1].rstrip(":")


def main() -> int:
    old, new = (
        yaml.load((PROJECT / "docs" / name).read_text("utf-8"), Loader=yaml.CSafeLoader)
        for name in ("openapi-released.yaml", "openapi.yaml")
    )
    changelog = (PROJECT / "CHANGELOG.md").read_text("utf-8")
    problems = undocumented(list(breaking_changes(old, new)), changelog)
    if problems:
        sys.stderr.write(
            "\n".join(problems) + "\nThis breaks users of the API. Revert it, or write a line "
            "with the path under '### Breaking' in CHANGELOG.md.\n"
        )
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
