"""Fixtures for tests against the sandbox."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.server import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(sales=45) as sandbox:
        yield sandbox


@pytest.fixture
def faults(sandbox: Sandbox) -> Iterator[Any]:
    """Return a function that scripts a fault. After the test all faults are cleared."""
    url = f"{sandbox.base_url}/_control/faults"

    def add(fault: str, **script: Any) -> None:
        requests.post(url, json={"fault": fault, **script}, timeout=60).raise_for_status()

    yield add
    requests.delete(url, timeout=60).raise_for_status()
