"""What all tests share."""

import math

import hypothesis
import pytest

from flowzz.accounts.models import User
from flowzz.core.runtime_settings.cache import SAVED_VALUES
from tests.staff import Staff, log_in

# A shared machine is at times slow; no test is about time. Each run tries other examples.
hypothesis.settings.register_profile("flowzz", deadline=None, max_examples=40)
hypothesis.settings.load_profile("flowzz")


@pytest.fixture(autouse=True)
def _nothing_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are the environment's: no test meets the statement that looks for others."""
    monkeypatch.setattr(SAVED_VALUES, "_values", {})
    monkeypatch.setattr(SAVED_VALUES, "_expires_at", math.inf)


@pytest.fixture
def staff(db: None) -> Staff:
    """A browser in which a superuser is logged in to the back-office."""
    return log_in(User.objects.create_superuser("equipe@flowzz.test"))
