"""A sandbox of one's own, a caller of its API, and a receiver for its webhooks."""

from collections.abc import Iterator

import pytest

from sandbox.server import Sandbox
from tests.sandbox.client import SandboxClient
from tests.sandbox.receiver import Receiver

SALES = 250


@pytest.fixture(scope="session")
def resting() -> Iterator[Sandbox]:
    """One for all the tests that change nothing in it."""
    with Sandbox(sales=SALES) as running:
        yield running


@pytest.fixture
def reader(resting: Sandbox) -> SandboxClient:
    return SandboxClient(resting)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(sales=SALES, pauses=(0.05, 0.1)) as running:
        yield running


@pytest.fixture
def caller(sandbox: Sandbox) -> SandboxClient:
    return SandboxClient(sandbox)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running
