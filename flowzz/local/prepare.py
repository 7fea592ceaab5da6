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
from flowzz.local.processes import ADMINISTRATOR_CREATED, FIRST_ADMINISTRATOR


def exit_on_older_data() -> None:
    """Exit with older_data.EXIT_CODE when another version of Flowzz migrated the database."""
    if names := unknown_migrations(MigrationLoader(connection)):
        others = f" and {len(names) - 1} more" if names[1:] else ""
        print(f"The database was migrated by another version of Flowzz ({names[0]}{others}).")
        sys.exit(older_data.EXIT_CODE)


def create_users(passwords: DemoPasswords) -> None:
    """Create the demo's admin and sellers, or set their passwords to this folder's.

    Another folder that used the database gave them other passwords. If the first seller's password
    is this folder's, an admin password that was changed by hand stays.
    """
    users = get_user_model().objects
    user = users.filter(email=USER_EMAIL).first()
    is_of_this_folder = user is not None and user.check_password(passwords.user)
    admin = users.filter(email=ADMIN_EMAIL).first()
    if admin is None or not is_of_this_folder:
        admin = admin or users.create_superuser(ADMIN_EMAIL)
        admin.set_password(passwords.admin)
        admin.save()
    for email, password in passwords.of_sellers().items():
        seller = users.filter(email=email).first() or users.create_user(email)
        if not seller.check_password(password):
            seller.set_password(password)
            seller.save()


def create_administrator(password: str) -> bool:
    """Create the first administrator; return False if there is one already."""
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return False
    users.create_superuser(ADMIN_EMAIL, password)
    return True


def main(*options: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowzz.settings")
    django.setup()
    exit_on_older_data()
    call_command("migrate", verbosity=0)
    from flowzz.local.key_check import check_encryption_key  # noqa: PLC0415 - models need settings

    check_encryption_key()
    if "--demo" in options:
        create_users(DemoPasswords.load_or_create())
    elif (password := os.environ.get(FIRST_ADMINISTRATOR)) and create_administrator(password):
        print(ADMINISTRATOR_CREATED)


if __name__ == "__main__":
    main(*sys.argv[1:])
