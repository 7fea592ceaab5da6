"""One stack for all fault tests: after each fault it must work on. And the seed of its choices."""

import os
from collections.abc import Iterator
from random import Random, SystemRandom

import pytest

from tests.faults.stack import Stack


@pytest.fixture
def dice() -> Random:
    """Set FAULTS_SEED to the number that a failed run has printed."""
    seed = int(os.environ.get("FAULTS_SEED", SystemRandom().randrange(10**6)))
    print(f"FAULTS_SEED={seed}")  # noqa: T201 - pytest shows it with a failure
    return Random(seed)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two web servers and two workers, each of two processes."""
    with Stack(tmp_path_factory.mktemp("stack"), webs=2, workers=2) as stack:
        yield stack
