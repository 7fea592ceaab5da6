"""Any generated body is stored, acknowledged and processed. The fault tests send 20,000."""

from itertools import islice
from random import Random

import pytest

from tests import generated
from tests.integrations.sellers import Seller

COUNT = 100
FAULTS_OF_OURS = {"parser_fault", "refused_by_database", "attempts_exhausted", "fault"}


@pytest.mark.django_db
def test_any_body_is_stored_and_processed() -> None:
    seller = Seller()
    bodies = list(islice(generated.bodies(Random(1)), COUNT))

    assert {seller.post(body).status_code for body in bodies} == {200}
    seller.drain()

    events = seller.events
    assert [bytes(event.body or b"") for event in events] == bodies
    assert {event.state for event in events} <= {"DONE", "IGNORED", "QUARANTINED"}
    assert {event.reason for event in events} & FAULTS_OF_OURS == set()
