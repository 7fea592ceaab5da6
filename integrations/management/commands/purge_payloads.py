"""`manage.py purge_payloads`: delete expired payloads now, as the nightly task does."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from integrations.inbox import retention
from integrations.runtime_settings import PAYLOAD_RETENTION


class Command(BaseCommand):
    help = (
        "Remove o corpo e os cabeçalhos dos webhooks mais antigos que PAYLOAD_RETENTION_DAYS. "
        "O que produziram fica. Pode ser interrompido e repetido."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="só mostra quantos são; não remove nada"
        )

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        total = retention.expired_payloads().count()
        older = f"Corpos com mais de {PAYLOAD_RETENTION.value_in_database().days} dias"
        if dry_run:
            self.stdout.write(f"{older}: {total}")
            return
        retention.delete_expired_payloads()
        self.stdout.write(f"{older} removidos: {total}")
