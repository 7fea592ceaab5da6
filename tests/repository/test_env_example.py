"""`.env.example` explains exactly the variables that the settings read."""

import re

from flowzz.core.env import BASE_DIR

READ = re.compile(r"\benv\.\w+\(\s*\"([A-Z_]+)\"")
VARIABLE = re.compile(r"^# \S.*\n#?([A-Z_]+)=", re.MULTILINE)
"""A comment, and the variable in the line below it."""


def test_env_example_explains_every_variable() -> None:
    read = READ.findall((BASE_DIR / "flowzz/settings.py").read_text())
    explained = VARIABLE.findall((BASE_DIR / ".env.example").read_text())
    assert sorted(explained) == sorted(set(read))
