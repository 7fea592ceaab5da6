"""`manage.py purge_payloads`: the nightly removal of old bodies, now and with its progress."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

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
        days = PAYLOAD_RETENTION.value_in_database().days
        if dry_run:
            self.stdout.write(f"Corpos com mais de {days} dias: {total}")
            return
        removed = 0
        with tqdm(total=total, unit=" corpos", disable=None) as bar:
            while count := retention.redact_expired_payloads():
                removed += count
                bar.update(count)
        self.stdout.write(f"Corpos com mais de {days} dias removidos: {removed}")
