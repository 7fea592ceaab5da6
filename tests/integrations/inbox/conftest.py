"""A connected seller."""

import pytest

from tests.integrations.sellers import Seller


@pytest.fixture
def seller(db: None) -> Seller:
    return Seller()
