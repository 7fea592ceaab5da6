"""`manage.py coinzz_probe`: test Coinzz's API with a real account, read-only."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from getpass import getpass
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from flowzz.backoffice.masking import HIDDEN, mask_emails_in, mask_payload
from integrations.models import Integration
from integrations.modes import is_api_enabled
from integrations.providers.contracts import ProbeReport, Provider
from integrations.providers.errors import IntegrationError
from integrations.providers.registry import get_provider
from integrations.secrets import field_encryption

PROVIDER: Final = "coinzz"
LABELS: Final = {"ok": "ok   ", "warning": "aviso", "error": "ERRO "}


class Command(BaseCommand):
    help = (
        "Testa a API do Coinzz com uma conta real, só com leituras, e mostra o que confere com as "
        "configurações COINZZ_API_…. Sai com 0 só se uma sincronização funcionaria."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        source = parser.add_mutually_exclusive_group()
        source.add_argument("--stdin", action="store_true", help="lê a chave da entrada padrão")
        source.add_argument("--user", metavar="E-MAIL", help="usa a chave guardada deste usuário")

    def handle(self, *args: Any, stdin: bool, user: str | None, **options: Any) -> None:
        api_key = _stored_key(user) if user else _entered_key(from_stdin=stdin)
        provider = get_provider(PROVIDER)
        self.stdout.write(f"Testando {settings.COINZZ_API_URL}, só com leituras …")
        report = provider.probe(api_key)
        for line in _lines(provider, report):
            self.stdout.write(_printable(line).replace(api_key, HIDDEN))
        if any(check.level == "error" for check in report.checks):
            raise CommandError("Com as configurações atuais, uma sincronização não funcionaria.")
        if not is_api_enabled(PROVIDER):
            raise CommandError("A API está desligada: COINZZ_API_ENABLED.")
        self.stdout.write("Com as configurações atuais, uma sincronização funcionaria.")


def _lines(provider: Provider, report: ProbeReport) -> Iterator[str]:
    for check in report.checks:
        yield f"  {LABELS[check.level]}  {check.subject}: {mask_emails_in(check.text)}"
    for number, item in enumerate(report.examples, start=1):
        masked = mask_payload(item, provider.personal_fields, provider.public_fields)
        yield f"Exemplo {number}, com os dados pessoais mascarados:"
        yield json.dumps(masked, ensure_ascii=False, indent=2, default=str)
    if report.settings:
        yield "Configurações a mudar:"
    for name, value in report.settings.items():
        yield f"{name}={value}"


def _printable(text: str) -> str:
    """Replace control characters, by which a foreign text could change the terminal."""
    return "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)


def _entered_key(*, from_stdin: bool) -> str:
    api_key = (sys.stdin.readline() if from_stdin else getpass("Chave de API: ")).strip()
    if not api_key:
        raise CommandError("Nenhuma chave de API foi informada.")
    return api_key


def _stored_key(email: str) -> str:
    owner = {"user__email__iexact": email.strip(), "provider": PROVIDER}
    integration = Integration.objects.filter(**owner).exclude(api_key="").first()
    if integration is None:
        raise CommandError(f"Não há chave de API guardada para {email}.")
    try:
        return field_encryption.decrypt(integration, "api_key")
    except IntegrationError as error:
        raise CommandError(error.message) from None
