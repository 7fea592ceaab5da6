"""Staff at their pages."""

import pytest
from django.test import Client as Browser

from flowzz.accounts.models import User

Staff = Browser


@pytest.fixture
def staff(db: None) -> Staff:
    """A member of staff who may do everything."""
    browser = Browser()
    browser.force_login(User.objects.create_superuser("equipe@flowzz.test"))
    return browser
