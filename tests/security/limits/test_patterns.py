"""No regular expression of ours takes more than linear time, whatever the text."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from flowzz.local.servers.paths import PROJECT
from tests.security.limits.slow_patterns import is_slow

METHODS = {"search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
PACKAGES = ("flowzz", "clients", "sales", "integrations")


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"[^\s@]+@[^\s@]+", "search"),
        (r"\s+$", "sub"),
        (r"\w*\d\w*x", "match"),
        (r"[0-9]+[0-9.]*", "fullmatch"),
        (r"(?:a+)+b", "match"),
        (r"(?:\s*,?\s*)*x", "match"),
        (r"x*y|[^a]+b", "search"),
        (r"(\w+)\s*\w+:", "match"),
    ],
)
def test_slow_patterns_are_found(pattern: str, method: str) -> None:
    assert is_slow(re.compile(pattern), [method])


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"[^\s@]+@[^\s@]+", "fullmatch"),
        (r"[^\s\"']+", "sub"),
        (r"[0-9]+\.[0-9]+", "fullmatch"),
        (r"^\s+x", "search"),
        (r"\d(?:[ .-]*\d){9}", "search"),
        (r"\b[A-Z]\w*Error\b", "search"),
        (r"[a-z]{1,64}@", "search"),
    ],
)
def test_linear_patterns_are_not(pattern: str, method: str) -> None:
    assert not is_slow(re.compile(pattern), [method])


def used_patterns(path: Path) -> Iterator[tuple[str, "re.Pattern[str]", list[str]]]:
    """Yield the patterns of a module with the methods that use them; `search` if none is seen."""
    tree = ast.parse(path.read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    methods: dict[str, list[str]] = {}
    for call in calls:
        match call.func:
            case ast.Attribute(value=ast.Name(id="re"), attr=method) if method in METHODS:
                yield from _literal(call.args[0], method)
            case ast.Attribute(value=ast.Name(id=name), attr=method) if method in METHODS:
                methods.setdefault(name, []).append(method)
    if "re.compile(" in path.read_text():
        module = import_module(".".join(path.relative_to(PROJECT).with_suffix("").parts))
        for name, value in vars(module).items():
            for pattern in value if isinstance(value, tuple) else [value]:
                compiled = pattern[1] if isinstance(pattern, tuple) and pattern[1:] else pattern
                if isinstance(compiled, re.Pattern):
                    yield name, compiled, methods.get(name) or ["search"]


def _literal(node: ast.expr, method: str) -> Iterator[tuple[str, "re.Pattern[str]", list[str]]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value, re.compile(node.value), [method]


def test_no_pattern_of_ours_is_slow() -> None:
    files = [path for name in PACKAGES for path in sorted((PROJECT / name).rglob("*.py"))]
    found = [(path, *use) for path in files for use in used_patterns(path)]
    assert len(found) > 60
    slow = [
        f"{path.relative_to(PROJECT)}: {name} {pattern.pattern!r} {methods}"
        for path, name, pattern, methods in found
        if is_slow(pattern, methods)
    ]
    assert slow == [], "\n".join(slow)
