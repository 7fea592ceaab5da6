"""`manage.py client_erase`: erase a client's personal data; the sales' numbers stay."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clients.models import Client
from flowzz.backoffice.masking import mask_document, mask_email, mask_name, mask_phone
from integrations import privacy
from integrations.management.client_arguments import (
    add_client_arguments,
    client_from_arguments,
    confirm_erasure,
)


class Command(BaseCommand):
    help = (
        "Apaga os dados pessoais de um cliente; valores, datas e status das vendas ficam. "
        "Não pode ser desfeito; pode ser repetido."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_client_arguments(parser)
        parser.add_argument("--yes", action="store_true", help="não pede confirmação")

    def handle(self, *args: Any, who: str, user: str, yes: bool, **options: Any) -> None:
        client = client_from_arguments(who, user)
        client = client.merged_into or client
        sales = client.sales.count()
        self.stdout.write(f"{_describe(client)}, vendas: {sales}")
        if not yes:
            confirm_erasure()
        try:
            erasure = privacy.erase(client.id)
        except privacy.ErasureRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"Cliente {client.id}: dados pessoais apagados.")
        self.stdout.write(f"  vendas que perderam dados pessoais: {erasure.sales}")
        self.stdout.write(f"  webhooks que perderam o corpo: {erasure.events}")
        self.stdout.write(f"  pedidos de afiliação: {erasure.affiliations}")
        self.stdout.write(f"  divergências de sincronizações: {erasure.findings}")


def _describe(client: Client) -> str:
    """Return who a client is, masked: terminals are recorded."""
    masked = (
        mask_name(client.name),
        mask_document(client.cpf),
        mask_phone(client.phone),
        mask_email(client.email or ""),
    )
    person = ", ".join(filter(None, masked)) or "sem dados pessoais"
    return f"Cliente {client.id} de {client.user.email}: {person}"
