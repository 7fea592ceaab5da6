"""`manage.py clients_recheck`: list or split clients that older rules merged."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clients.models import Client
from flowzz.backoffice.masking import mask_document, mask_name
from integrations.inbox.client_recheck import recheck
from integrations.models import Integration


class Command(BaseCommand):
    help = (
        "Lista as vendas que regras antigas deram ao cliente de outra pessoa, pelos corpos de "
        "webhooks guardados. Com --apply, cada uma passa ao próprio cliente; pode ser repetido. "
        "O que a equipe uniu ou separou fica como está."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", default="", metavar="E-MAIL", help="só deste usuário")
        parser.add_argument("--apply", action="store_true", help="muda; sem isto só lista")

    def handle(self, *args: Any, user: str, apply: bool, **options: Any) -> None:
        integrations = Integration.objects.select_related("user").order_by("user__email", "id")
        if user:
            integrations = integrations.filter(user__email__iexact=user)
            if not integrations:
                raise CommandError("Este usuário não tem integração.")
        moved = sum(self._recheck(integration, apply=apply) for integration in integrations)
        verb = "Vendas movidas" if apply else "Vendas a mover com --apply"
        self.stdout.write(f"{verb}: {moved}")

    def _recheck(self, integration: Integration, *, apply: bool) -> int:
        count = 0
        for moved in recheck(integration, apply=apply):
            count += 1
            self.stdout.write(
                f"{integration.user.email}, pedido {moved.sale.external_id}: "
                f"{_masked(moved.before)} → {_masked(moved.after)}"
            )
        return count


def _masked(client: Client) -> str:
    document = mask_document(client.cpf) or "sem documento"
    return f"{mask_name(client.name) or 'sem nome'} ({document})"
