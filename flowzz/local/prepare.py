"""Bring the database to what the parts need: `python -m flowzz.local.prepare [--demo]`."""

import os
import sys

import django
from django.contrib.auth import get_user_model
from django.core.management import call_command

from flowzz.local.demo import ADMIN_EMAIL, USER_EMAIL, Logins


def create_users(logins: Logins) -> None:
    """Create the admin and the user of the demo where they don't exist.

    A database that another folder has used knows them by other passwords: they get this one's.
    """
    users = get_user_model().objects
    admin = users.filter(email=ADMIN_EMAIL).first()
    user = users.filter(email=USER_EMAIL).first()
    if admin and user and user.check_password(logins.user_password):
        return
    for account, password in (
        (admin or users.create_superuser(ADMIN_EMAIL), logins.admin_password),
        (user or users.create_user(USER_EMAIL), logins.user_password),
    ):
        account.set_password(password)
        account.save()


def main(*options: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowzz.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    from flowzz.local.key_check import check_secrets  # noqa: PLC0415 - models need settings

    check_secrets()
    if "--demo" in options:
        create_users(Logins.of_folder())


if __name__ == "__main__":
    main(*sys.argv[1:])
