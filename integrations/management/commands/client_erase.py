"""`manage.py client_erase`: erase a client's personal data; the sales' numbers stay."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations import privacy
from integrations.management.client_arguments import add_client_arguments, client_from_arguments

CONFIRMATION = "APAGAR"


class Command(BaseCommand):
    help = (
        "Apaga os dados pessoais de um cliente; valores, datas e situações das vendas ficam. "
        "Não pode ser desfeito; pode ser repetido."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_client_arguments(parser)
        parser.add_argument("--yes", action="store_true", help="não pede confirmação")

    def handle(self, *args: Any, who: str, user: str, yes: bool, **options: Any) -> None:
        client = client_from_arguments(who, user)
        if (
            not yes
            and input(f"Cliente {client.id}. Digite {CONFIRMATION} para apagar: ") != CONFIRMATION
        ):
            raise CommandError("Nada foi apagado.")
        erasure = privacy.erase(client.id)
        self.stdout.write(f"Cliente {client.id}: dados pessoais apagados.")
        self.stdout.write(f"  vendas: {erasure.sales}")
        self.stdout.write(f"  webhooks que perderam o corpo: {erasure.events}")
        self.stdout.write(f"  pedidos de afiliação: {erasure.affiliations}")
        self.stdout.write(f"  achados de sincronizações: {erasure.findings}")
