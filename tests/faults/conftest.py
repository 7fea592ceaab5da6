"""One stack for all fault tests, which must recover after each fault, and a random seed."""

import os
from collections.abc import Iterator
from random import Random, SystemRandom

import pytest

from tests.faults.stack import Stack


@pytest.fixture
def random() -> Random:
    """Set FAULTS_SEED to the number that a failed run printed to repeat its choices."""
    seed = int(os.environ.get("FAULTS_SEED", SystemRandom().randrange(10**6)))
    print(f"FAULTS_SEED={seed}")  # noqa: T201 - pytest shows it for a failed test
    return Random(seed)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start two web servers, and two workers for each queue."""
    with Stack(tmp_path_factory.mktemp("stack"), webs=2, hosts=2) as stack:
        yield stack
