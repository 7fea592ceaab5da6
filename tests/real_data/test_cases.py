"""All cases, each with a seller of its own."""

from itertools import chain

import pytest

from sales.models import Sale
from tests.integrations.sellers import Seller
from tests.real_data.case import Case, resolve
from tests.real_data.kinds import CASES


@pytest.mark.django_db
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.given}")
def test_case_is_right(case: Case) -> None:
    seller = Seller()

    refused = list(chain.from_iterable(step(seller) for step in case.steps))

    warned = list(chain.from_iterable(Sale.objects.values_list("value_warnings", flat=True)))
    assert {path: resolve(path) for path in case.right} == case.right
    assert (sorted(warned), tuple(refused)) == (sorted(case.warned), case.refused)
