"""A seller, and a member of staff who maps words."""

import pytest

from flowzz.accounts.models import User
from tests.integrations.sellers import Seller


@pytest.fixture
def seller(db: None) -> Seller:
    return Seller()


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("equipe@flowzz.test")
