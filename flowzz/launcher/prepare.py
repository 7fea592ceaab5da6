"""Bring the database to what the parts need: `python -m flowzz.launcher.prepare [--demo]`."""

import os
import sys

import django
from django.contrib.auth import get_user_model

from flowzz.launcher.demo import ADMIN_EMAIL, USER_EMAIL, Logins
from flowzz.launcher.migrating import migrate


def create_users(logins: Logins) -> None:
    """Create the admin and the user of the demo where they don't exist."""
    users = get_user_model().objects
    if not users.filter(email=ADMIN_EMAIL).exists():
        users.create_superuser(ADMIN_EMAIL, logins.admin_password)
    if not users.filter(email=USER_EMAIL).exists():
        users.create_user(USER_EMAIL, logins.user_password)


def main(*options: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowzz.settings")
    django.setup()
    migrate()
    if "--demo" in options:
        create_users(Logins.of_folder())


if __name__ == "__main__":
    main(*sys.argv[1:])
