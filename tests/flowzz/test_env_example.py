"""`.env.example` says what is true: no variable is missing, none is left over."""

import re

from flowzz.core.env import BASE_DIR

READ = re.compile(r"\benv\.\w+\(\s*\"([A-Z_]+)\"")
VARIABLE = re.compile(r"^# \S.*\n#?([A-Z_]+)=", re.MULTILINE)
"""A comment, and the variable in the line below it."""


def test_every_variable_that_the_settings_read_is_explained() -> None:
    read = READ.findall((BASE_DIR / "flowzz/settings.py").read_text())
    explained = VARIABLE.findall((BASE_DIR / ".env.example").read_text())
    assert sorted(explained) == sorted(set(read))
