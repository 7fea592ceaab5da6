"""Facts about the tree: sizes, words, and where things lie."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from flowzz.local.servers.paths import PROJECT

SOURCE_PACKAGES = ("clients", "sales", "integrations", "flowzz", "sandbox")
PACKAGES = (*SOURCE_PACKAGES, "tests")
MAX_LINES, MAX_TEST_LINES, MAX_FUNCTION_LINES, MAX_MODULES = 300, 400, 50, 12
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
EXCEPTION = re.compile(r"# (?:noqa|type: ignore)")
EXCEPTION_WITH_REASON = re.compile(r"# (?:noqa: [A-Z0-9, ]+ - |type: ignore\[[a-z, -]+\] +# )\S")
TEXT_FILES = {".py", ".html", ".txt", ".css", ".js"}
CROSS_CUTTING_TESTS = {
    "clients/test_matching.py",
    "flowzz/test_error_pages.py",
    "flowzz/test_translations.py",
    "integrations/admin/test_pages.py",
    "integrations/api/test_connect.py",
    "integrations/api/test_connection.py",
    "integrations/api/test_sync.py",
    "integrations/inbox/test_order_of_arrival.py",
    "integrations/management/commands/test_clients.py",
    "integrations/providers/coinzz/test_bad_bodies.py",
    "integrations/providers/coinzz/test_recorded.py",
    "integrations/providers/coinzz/test_sandbox.py",
    "integrations/providers/test_second_provider.py",
    "integrations/status_mappings/test_status_mappings.py",
    "integrations/sync/test_concurrent_changes.py",
    "integrations/sync/test_listings.py",
    "integrations/sync/test_provider_faults.py",
    "integrations/sync/test_same_rows.py",
    "integrations/test_clocks.py",
    "integrations/webhooks/test_generated_bodies.py",
    "model/test_model.py",
    "real_data/test_cases.py",
    "sales/api/test_clients.py",
    "sales/api/test_details.py",
    "sales/api/test_lists.py",
    "sales/api/test_sales.py",
    "sales/order_ids/test_unassociated.py",
    "sales/test_order_of_arrival.py",
}
"""Tests of a behaviour of several modules, which have no module of their name."""
REPLACED_WORDS = {
    *("adjustable", "appearance", "awake", "deed", "deeds", "dice", "examination", "fate", "feed"),
    *("forget", "glance", "heard", "journey", "judged", "keeper", "ledger", "life", "lives"),
    *("meaning", "meanings", "news", "plurals", "portrait", "rekeying", "rereading", "rhythm"),
    *("room", "rooms", "sheets", "sighting", "sightings", "spool", "tally", "telling", "tellings"),
    *("told", "trail", "verdict", "verdicts", "whoever", "worry"),
}
"""Words of earlier versions. docs/glossary.md has the terms of today."""
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
MASCULINE_SELLER = re.compile(r"\bvendedor(?:es)?\b(?!\()", re.IGNORECASE)
"""A seller is `vendedor(a)`, or the sentence says `quem vende`, or `conta`."""


def python_files(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from (
            path
            for path in sorted((PROJECT / package).rglob("*.py"))
            if "migrations" not in path.parts
        )


def relative(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def identifiers(path: Path) -> Iterator[str]:
    """Yield the names that a module defines: its own, functions, classes, arguments, variables."""
    yield path.stem
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id


def test_only_its_folder_and_the_registry_name_a_provider() -> None:
    """Other places: the settings, the guide for API users, and the code that runs the sandbox."""
    allowed = (
        "integrations/providers/coinzz/",
        "integrations/providers/registry.py",
        "integrations/management/commands/coinzz_probe.py",
        "integrations/management/commands/coinzz_sync.py",
        "flowzz/settings.py",
        "flowzz/api_guide.py",
        "flowzz/local/",
    )
    folders = ("clients", "sales", "integrations", "flowzz", "templates")
    files = [path for folder in folders for path in (PROJECT / folder).rglob("*") if path.is_file()]
    paths = {relative(path) for path in files if path.suffix in TEXT_FILES}
    named = {path for path in paths if "coinzz" in (PROJECT / path).read_text().lower()}
    assert {path for path in named if not path.startswith(allowed)} == set()


def test_folders_have_few_modules() -> None:
    modules = Counter(
        relative(path.parent) for path in python_files(*PACKAGES) if path.name != "__init__.py"
    )
    large = {folder for folder, count in modules.items() if count > MAX_MODULES}
    assert large == set()


def test_files_are_short() -> None:
    def limit(path: Path) -> int:
        return MAX_TEST_LINES if path.is_relative_to(PROJECT / "tests") else MAX_LINES

    lines = {path: len(path.read_text().splitlines()) for path in python_files(*PACKAGES)}
    assert {path: count for path, count in lines.items() if count > limit(path)} == {}


def test_functions_are_short() -> None:
    long = {
        f"{relative(path)}:{node.lineno} {node.name}"
        for path in python_files(*PACKAGES)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, FUNCTIONS)
        and (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION_LINES
    }
    assert long == set()


def test_no_module_for_unrelated_functions() -> None:
    names = {"utils.py", "helpers.py", "common.py", "misc.py"}
    assert [path for path in python_files(*PACKAGES) if path.name in names] == []


def test_tests_mirror_the_source() -> None:
    tests = {
        path.relative_to(PROJECT / "tests")
        for package in SOURCE_PACKAGES
        for path in (PROJECT / "tests" / package).rglob("test_*.py")
    }
    modules = {test: PROJECT / test.with_name(test.name.removeprefix("test_")) for test in tests}
    without_module = {
        test.as_posix()
        for test, module in modules.items()
        if not module.is_file() and not module.with_suffix("").is_dir()
    }
    assert without_module - CROSS_CUTTING_TESTS == set()


def test_no_identifier_has_a_replaced_word() -> None:
    found = {
        f"{relative(path)} {name}"
        for path in python_files(*PACKAGES)
        for name in identifiers(path)
        if REPLACED_WORDS & {word.lower() for word in WORD.findall(name)}
    }
    assert found == set()


def test_texts_call_no_seller_a_man() -> None:
    """Strings of the code, templates, and the manual in Portuguese."""
    texts = {PROJECT / "docs" / "back-office.md", *(PROJECT / "templates").rglob("*.*")}
    shown = [(path, path.read_text()) for path in sorted(texts)]
    for path in python_files(*SOURCE_PACKAGES):
        nodes = ast.walk(ast.parse(path.read_text()))
        strings = (node.value for node in nodes if isinstance(node, ast.Constant))
        shown += [(path, text) for text in strings if isinstance(text, str)]
    assert any("vendedor(a)" in text for _, text in shown)
    assert {
        (relative(path), text) for path, text in shown if MASCULINE_SELLER.search(text)
    } == set()


def test_lint_exceptions_have_a_reason() -> None:
    lines = {
        f"{relative(path)}:{number}": line
        for path in (PROJECT / "manage.py", *python_files(*PACKAGES))
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if EXCEPTION.search(line)
    }
    assert lines
    assert [name for name, line in lines.items() if not EXCEPTION_WITH_REASON.search(line)] == []
