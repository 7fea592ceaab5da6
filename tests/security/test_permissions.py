"""Who of staff may do what: the table in the documentation is what holds, whole."""

import re

import pytest
from pytest_django.fixtures import Settings

from flowzz.local.servers.paths import PROJECT
from tests.security.staff_actions import Scene, Visit
from tests.security.test_staff import GROUPS, OPERATIONS, SUPPORT, member

pytestmark = pytest.mark.django_db

NOBODY = ""
OFFERED_TO_ALL = {"logout"}


def table() -> dict[str, set[str]]:
    """The groups that may do each thing, by what the documentation calls it."""
    allowed: dict[str, set[str]] = {}
    for line in (PROJECT / "docs" / "back-office.md").read_text().splitlines():
        cells = line.strip("|").split("|")
        if len(cells) == 6 and "`" in cells[1]:
            marked = zip((NOBODY, *GROUPS), cells[2:], strict=True)
            groups = {group for group, mark in marked if mark.strip()}
            allowed |= dict.fromkeys(re.findall(r"`([^`]+)`", cells[1]), groups)
    return allowed


def test_every_action_is_in_the_table_and_let_to_its_groups_alone(settings: Settings) -> None:
    settings.COINZZ_API_URL = "http://127.0.0.1:9"  # the diagnosis asks it, and nobody answers
    scene, allowed = Scene(), table()

    def named(action: str) -> str:
        """With its method, where that makes a difference."""
        plain = action.removeprefix("GET ").removeprefix("POST ")
        return plain if plain in allowed else action

    found: dict[str, set[str]] = {}
    for group in (NOBODY, *GROUPS):
        visit = Visit(member(*filter(None, [group])), scene)
        if group in (SUPPORT, OPERATIONS):
            visit.look_around()
        let = {named(action) for action in visit.let}
        open_to = let | {action.split()[1] for action in let if " " in action}
        assert visit.offered - open_to == OFFERED_TO_ALL
        for action in let:
            found.setdefault(action, set()).add(group)
    assert found == allowed
