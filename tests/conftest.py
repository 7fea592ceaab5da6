"""Fixtures and settings of all tests."""

import math

import hypothesis
import pytest
from django.conf import settings

from flowzz.accounts.models import User
from flowzz.core import rate_limits
from flowzz.core.runtime_settings.cache import SAVED_VALUES
from tests.staff import Staff, log_in

# No deadline: a busy machine is slow. Each run tries the same examples, so that only a change makes
# a test fail; `pytest -m hypothesis --hypothesis-profile explore` tries many others.
hypothesis.settings.register_profile("flowzz", deadline=None, max_examples=40, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=500)
hypothesis.settings.load_profile("flowzz")

# The default hasher takes half a second for each password.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _no_saved_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the environment's settings, without the SQL statement that reads saved ones."""
    monkeypatch.setattr(SAVED_VALUES, "_values", {})
    monkeypatch.setattr(SAVED_VALUES, "_next_at", math.inf)


@pytest.fixture(autouse=True)
def _redis_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Redis asked, also within seconds of a test in which it was away."""
    monkeypatch.setattr(rate_limits, "_redis_pause", rate_limits._RedisPause())


@pytest.fixture
def staff(db: None) -> Staff:
    """Return a browser with a superuser who is logged in to the back-office."""
    return log_in(User.objects.create_superuser("equipe@flowzz.test"))
