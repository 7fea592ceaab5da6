"""The arguments by which a command selects a client, and the confirmation of an erasure."""

from argparse import ArgumentParser

from django.core.management.base import CommandError

from clients.models import Client
from clients.search import ClientLookupError, find_client

CONFIRMATION = "APAGAR"


def add_client_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "who", metavar="CLIENTE", help="id; ou, com --user, documento, telefone ou e-mail"
    )
    parser.add_argument("--user", default="", metavar="E-MAIL", help="e-mail do usuário")


def client_from_arguments(who: str, user: str) -> Client:
    """Return the client that the arguments select. Raises CommandError."""
    try:
        return find_client(who, user)
    except ClientLookupError as error:
        raise CommandError(str(error)) from None


def confirm_erasure() -> None:
    """Raises CommandError unless the confirmation is typed."""
    try:
        answer = input(f"Digite {CONFIRMATION} para apagar: ")
    except EOFError:
        raise CommandError("Nada foi apagado: sem terminal, confirme com --yes.") from None
    if answer != CONFIRMATION:
        raise CommandError("Nada foi apagado.")
