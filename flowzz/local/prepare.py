"""Prepares the database of a local run: `python -m flowzz.local.prepare [--demo]`."""

import os
import sys

import django
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from flowzz.core.db.migration_checks import unknown_migrations
from flowzz.local import older_data
from flowzz.local.demo import ADMIN_EMAIL, USER_EMAIL, DemoPasswords


def exit_on_older_data() -> None:
    """Exit with older_data.EXIT_CODE when another version of Flowzz migrated the database."""
    if names := unknown_migrations(MigrationLoader(connection)):
        others = f" and {len(names) - 1} more" if names[1:] else ""
        print(f"The database was migrated by another version of Flowzz ({names[0]}{others}).")
        sys.exit(older_data.EXIT_CODE)


def create_users(passwords: DemoPasswords) -> None:
    """Create the demo's admin and user, or set their passwords to this folder's.

    Another folder that used the database gave them other passwords. If the user's password is
    this folder's, an admin password that was changed by hand stays.
    """
    users = get_user_model().objects
    admin = users.filter(email=ADMIN_EMAIL).first()
    user = users.filter(email=USER_EMAIL).first()
    if admin and user and user.check_password(passwords.user):
        return
    for account, password in (
        (admin or users.create_superuser(ADMIN_EMAIL), passwords.admin),
        (user or users.create_user(USER_EMAIL), passwords.user),
    ):
        account.set_password(password)
        account.save()


def main(*options: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowzz.settings")
    django.setup()
    exit_on_older_data()
    call_command("migrate", verbosity=0)
    from flowzz.local.key_check import check_encryption_key  # noqa: PLC0415 - models need settings

    check_encryption_key()
    if "--demo" in options:
        create_users(DemoPasswords.load_or_create())


if __name__ == "__main__":
    main(*sys.argv[1:])
