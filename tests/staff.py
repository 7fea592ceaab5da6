"""Browsers that are logged in to the back-office as staff."""

from typing import Any, TypeAlias

from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.test import Client

from flowzz.accounts.models import User

Staff: TypeAlias = Client


def log_in(user: User) -> Staff:
    browser = Client()
    browser.force_login(user)
    return browser


def log_in_member(*groups: str) -> Staff:
    """Log in a new member of `groups`, such as "Suporte"."""
    user = User.objects.create_user(f"equipe{User.objects.count()}@flowzz.test", is_staff=True)
    user.groups.set(Group.objects.filter(name__in=groups))
    return log_in(user)


def messages_in(response: Any) -> list[str]:
    """Return the messages that a page shows at its top."""
    return [message.message for message in get_messages(response.wsgi_request)]
