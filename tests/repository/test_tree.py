"""What must hold of the tree as a whole."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from flowzz.local.servers.paths import PROJECT

ROOMS = ("clients", "sales", "integrations", "flowzz", "sandbox", "tests")
LONGEST_FILE, LONGEST_TEST_FILE, LONGEST_FUNCTION = 300, 400, 50
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
TEXT_FILES = {".py", ".html", ".txt", ".css", ".js"}
EXCEPTION = re.compile(r"# (?:noqa|type: ignore)")
WITH_REASON = re.compile(r"# (?:noqa: [A-Z0-9, ]+ - |type: ignore\[[a-z, -]+\] +# )\S")


def sources(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        yield from (
            path
            for path in sorted((PROJECT / room).rglob("*.py"))
            if "migrations" not in path.parts
        )


def test_only_its_folder_and_the_registry_name_a_provider() -> None:
    """Beside them: the settings, the guide for the API's users, and what runs the sandbox."""
    allowed = (
        "integrations/providers/coinzz/",
        "integrations/providers/registry.py",
        "integrations/management/commands/coinzz_sync.py",
        "flowzz/settings.py",
        "flowzz/api_guide.py",
        "flowzz/local/",
    )
    rooms = ("clients", "sales", "integrations", "flowzz", "templates")
    files = [path for room in rooms for path in (PROJECT / room).rglob("*") if path.is_file()]
    paths = {str(path.relative_to(PROJECT)) for path in files if path.suffix in TEXT_FILES}
    named = {path for path in paths if "coinzz" in (PROJECT / path).read_text().lower()}
    assert {path for path in named if not path.startswith(allowed)} == set()


def test_files_are_short() -> None:
    def limit(path: Path) -> int:
        is_test = path.is_relative_to(PROJECT / "tests")
        return LONGEST_TEST_FILE if is_test else LONGEST_FILE

    long = {path: len(path.read_text().splitlines()) for path in sources(*ROOMS)}
    assert {path: lines for path, lines in long.items() if lines > limit(path)} == {}


def test_functions_are_short() -> None:
    long = {
        f"{path.relative_to(PROJECT)}:{node.lineno} {node.name}"
        for path in sources(*ROOMS)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, FUNCTIONS) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    }
    assert long == set()


def test_no_drawer_for_everything() -> None:
    drawers = {"utils.py", "helpers.py", "common.py", "misc.py"}
    assert [path for path in sources(*ROOMS) if path.name in drawers] == []


def test_exceptions_from_lint_have_their_reason_beside_them() -> None:
    lines = {
        f"{path.relative_to(PROJECT)}:{number}": line
        for path in (PROJECT / "manage.py", *sources(*ROOMS))
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if EXCEPTION.search(line)
    }
    assert lines
    assert [place for place, line in lines.items() if not WITH_REASON.search(line)] == []
