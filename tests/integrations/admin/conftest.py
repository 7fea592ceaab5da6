"""Fixtures of the back-office."""

import pytest

from flowzz.accounts.models import User
from tests.staff import Staff, log_in


@pytest.fixture
def staff(db: None) -> Staff:
    """A superuser's browser."""
    return log_in(User.objects.create_superuser("equipe@flowzz.test"))
