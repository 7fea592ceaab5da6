"""`manage.py seller_erase`: delete a seller's account with all data."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clients.models import Client
from flowzz.accounts.models import User
from flowzz.core.formatting import format_count
from integrations import seller_erasure
from integrations.management.client_arguments import confirm_erasure
from sales.models import Sale


class Command(BaseCommand):
    help = (
        "Exclui um(a) vendedor(a) com todos os dados: vendas, clientes, webhooks, integrações e "
        "o usuário. Não pode ser desfeito; interrompido, pode ser repetido."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="e-mail de login do(a) vendedor(a)")
        parser.add_argument("--yes", action="store_true", help="não pede confirmação")

    def handle(self, *args: Any, email: str, yes: bool, **options: Any) -> None:
        user = User.objects.filter(email__iexact=email.strip()).first()
        if user is None:
            raise CommandError("Não há usuário com este e-mail.")
        sales = format_count(Sale.objects.filter(user=user).count(), "venda", "vendas")
        clients = format_count(Client.objects.filter(user=user).count(), "cliente", "clientes")
        self.stdout.write(f"Conta {user.id}: {sales}, {clients}")
        if not yes:
            confirm_erasure()
        try:
            seller_erasure.close_account(user)
        except seller_erasure.NotASeller as error:
            raise CommandError(str(error)) from None
        seller_erasure.erase(user.id)
        self.stdout.write(f"Conta {user.id}: excluída com todos os dados.")
