"""Whatever comes: it is kept, acknowledged and judged. 20,000 of them are in the fault tests."""

from itertools import islice
from random import Random

import pytest

from tests import generated
from tests.integrations.sellers import Seller

COUNT = 100
FAULTS_OF_OURS = {"parser_fault", "refused_by_database", "attempts_exhausted", "fault"}


@pytest.mark.django_db
def test_every_body_is_kept_and_judged() -> None:
    seller = Seller()
    bodies = list(islice(generated.bodies(Random(1)), COUNT))

    assert {seller.post(body).status_code for body in bodies} == {200}
    seller.drain()

    events = seller.events
    assert [bytes(event.body or b"") for event in events] == bodies
    assert {event.state for event in events} <= {"DONE", "IGNORED", "QUARANTINED"}
    assert {event.reason for event in events} & FAULTS_OF_OURS == set()
