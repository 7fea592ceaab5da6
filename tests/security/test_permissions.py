"""Who may do what in the back-office: the table in docs/back-office.md is complete and true."""

import re

import pytest
from pytest_django.fixtures import Settings

from flowzz.local.servers.paths import PROJECT
from tests.security.staff_actions import Access, SampleRows
from tests.security.test_staff import GROUPS, OPERATIONS, SUPPORT
from tests.staff import log_in_member

pytestmark = pytest.mark.django_db

NO_GROUP = ""
OFFERED_TO_ALL = {"logout"}


def documented() -> dict[str, set[str]]:
    """Return the groups that may do each action of the table."""
    groups_by_action: dict[str, set[str]] = {}
    for line in (PROJECT / "docs" / "back-office.md").read_text().splitlines():
        cells = line.strip("|").split("|")
        if len(cells) == 6 and "`" in cells[1]:
            marked = zip((NO_GROUP, *GROUPS), cells[2:], strict=True)
            groups = {group for group, mark in marked if mark.strip()}
            groups_by_action |= dict.fromkeys(re.findall(r"`([^`]+)`", cells[1]), groups)
    return groups_by_action


def test_table_lists_every_action_with_exactly_its_groups(settings: Settings) -> None:
    settings.COINZZ_API_URL = "http://127.0.0.1:9"  # the diagnosis calls it: nothing listens there
    rows, expected = SampleRows(), documented()

    def as_documented(action: str) -> str:
        """Return the action without its HTTP method where the table has it so."""
        plain = action.removeprefix("GET ").removeprefix("POST ")
        return plain if plain in expected else action

    permitted: dict[str, set[str]] = {}
    for group in (NO_GROUP, *GROUPS):
        access = Access(log_in_member(*filter(None, [group])), rows)
        if group in (SUPPORT, OPERATIONS):
            access.open_model_pages()
        actions = {as_documented(action) for action in access.permitted}
        pages = {action.split()[1] for action in actions if " " in action}
        assert access.offered - actions - pages == OFFERED_TO_ALL
        for action in actions:
            permitted.setdefault(action, set()).add(group)
    assert permitted == expected
