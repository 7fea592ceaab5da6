"""The cases of all kinds."""

from itertools import chain
from typing import Final

from tests.real_data import statuses, values
from tests.real_data.case import Case

CASES: Final[list[Case]] = list(chain(values.CASES, statuses.CASES))
