"""The cases of all kinds."""

from itertools import chain
from typing import Final

from tests.real_data import files, identities, order_ids, statuses, values
from tests.real_data.case import Case

CASES: Final[list[Case]] = list(
    chain(identities.CASES, files.CASES, values.CASES, statuses.CASES, order_ids.CASES)
)
