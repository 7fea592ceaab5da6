"""`manage.py client_export`: export a client's personal data as JSON."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations import privacy
from integrations.management.client_arguments import add_client_arguments, client_from_arguments


class Command(BaseCommand):
    help = "Exporta em JSON tudo o que há sobre uma pessoa (docs/personal-data.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_client_arguments(parser)
        parser.add_argument("--output", type=Path, metavar="ARQUIVO", help="em vez da tela")

    def handle(self, *args: Any, who: str, user: str, output: Path | None, **options: Any) -> None:
        document = privacy.to_json(privacy.export(client_from_arguments(who, user)))
        if output is None:
            self.stdout.write(document)
            return
        try:
            # Created with its mode: an existing file could be read by others, or be a link.
            file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise CommandError(f"{output} já existe e não foi alterado. Dê outro nome.") from None
        except OSError as error:
            raise CommandError(f"{output} não pôde ser criado: {error.strerror}.") from None
        with os.fdopen(file, "w", encoding="utf-8") as target:
            target.write(document)
        self.stdout.write(f"Exportado para {output}.")
