"""Results for short arguments are cached; long ones, which others may send, are not kept."""

import ast
from sys import getsizeof

from flowzz.core.caching import MAX_BYTES, cache_short
from flowzz.local.servers.paths import PROJECT

OWN_ARGUMENTS = {"_cipher", "_parse", "_offset", "_derive", "_defaults", "_types", "_program"}
OWN_ARGUMENTS |= {"_storage", "_next_events", "_reported_by", "_names", "setting_name"}
"""Functions whose arguments nobody else chooses, or that have a few characters."""


def test_short_arguments_are_cached_and_long_ones_are_not() -> None:
    calls: list[str] = []

    @cache_short(2)
    def length(text: str, factor: int = 1) -> int:
        calls.append(text)
        return len(text) * factor

    long = "x" * (MAX_BYTES - getsizeof("") + 1)
    assert [length("a"), length("a", 2), length("a"), length(long), length(long)] == [
        *(1, 2, 1),
        *(len(long), len(long)),
    ]
    assert calls == ["a", "a", long, long]


def test_no_other_cache_keeps_arguments_of_any_length() -> None:
    cached = {
        node.name
        for package in ("clients", "sales", "integrations", "flowzz")
        for path in (PROJECT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and (node.args.args or node.args.kwonlyargs)
        for decorator in node.decorator_list
        if ast.unparse(decorator).partition("(")[0] in ("cache", "lru_cache")
    }
    assert cached == OWN_ARGUMENTS
