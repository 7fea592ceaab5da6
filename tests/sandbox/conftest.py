"""A sandbox, a client of it, and a receiver of its webhooks."""

from collections.abc import Iterator

import pytest

from sandbox.server import Sandbox
from tests.sandbox.client import SandboxClient
from tests.sandbox.receiver import Receiver

SALES = 250


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    """One sandbox for all tests that change nothing in it."""
    with Sandbox(sales=SALES) as running:
        yield running


@pytest.fixture
def shared_client(shared_sandbox: Sandbox) -> SandboxClient:
    return SandboxClient(shared_sandbox)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(sales=SALES, retry_delays=(0.05, 0.1)) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> SandboxClient:
    return SandboxClient(sandbox)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running
