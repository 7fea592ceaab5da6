"""`manage.py rotate_encryption_key`: encrypt all secrets with the current key."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from integrations.secrets.field_encryption import refuse_legacy
from integrations.secrets.key_rotation import RotationResult, all_secrets, count_secrets, rewrite


class Command(BaseCommand):
    help = (
        f"Cifra de novo, com {settings.ENCRYPTION_KEY_VARIABLE}, tudo o que foi cifrado com chaves "
        f"anteriores ({settings.ENCRYPTION_KEY_VARIABLE}_FALLBACKS). Pode ser interrompido e "
        "repetido."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="só mostra o que seria feito; não grava nada"
        )

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        counts: Counter[RotationResult] = Counter()
        unreadable = []
        secrets = tqdm(all_secrets(), total=count_secrets(), unit=" segredos", disable=None)
        for secret in secrets:
            result = rewrite(secret, dry_run=dry_run, rewrites_legacy=True)
            counts[result] += 1
            if result is RotationResult.UNREADABLE:
                unreadable.append(f"{secret.integration_id} ({secret.field})")
        self._report(counts, dry_run=dry_run)
        if unreadable:
            raise CommandError(
                "Não foi possível ler os segredos destas integrações; foram alterados, ou falta "
                f"uma chave em {settings.ENCRYPTION_KEY_VARIABLE}_FALLBACKS:\n  "
                + "\n  ".join(unreadable)
            )
        if not dry_run and not counts[RotationResult.CHANGED]:
            refuse_legacy()

    def _report(self, counts: "Counter[RotationResult]", *, dry_run: bool) -> None:
        label = "A cifrar de novo" if dry_run else "Cifrados de novo"
        self.stdout.write(f"{label}: {counts[RotationResult.REWRITTEN]}")
        self.stdout.write(f"Já com a chave atual: {counts[RotationResult.CURRENT]}")
        self.stdout.write(f"Ilegíveis: {counts[RotationResult.UNREADABLE]}")
        if counts[RotationResult.CHANGED]:
            self.stdout.write(
                f"Alterados durante a execução: {counts[RotationResult.CHANGED]} (execute de novo)"
            )
