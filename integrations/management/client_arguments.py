"""Which client a command is about."""

from argparse import ArgumentParser

from django.core.management.base import CommandError

from clients.models import Client
from clients.search import ClientLookupError, find_client


def add_client_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "who", metavar="CLIENTE", help="id; ou, com --user, documento, telefone ou e-mail"
    )
    parser.add_argument("--user", default="", metavar="E-MAIL", help="e-mail do usuário")


def named_client(who: str, user: str) -> Client:
    """The one client that the arguments mean. Raises CommandError."""
    try:
        return find_client(who, user)
    except ClientLookupError as error:
        raise CommandError(str(error)) from None
