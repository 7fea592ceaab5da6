"""`manage.py sync`: run a sync of one user's sales and show its progress."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from flowzz.core.db.jobs import JobState
from flowzz.core.formatting import format_count
from integrations import api_availability
from integrations.models import FindingKind, Integration, SyncRun, Trigger
from integrations.providers.errors import IntegrationError
from integrations.providers.registry import default_provider, get_provider, provider_names
from integrations.sync import runs

POLL_SECONDS = 0.5
ERRORS_SHOWN = 20
INTERRUPTED = 130


class Command(BaseCommand):
    help = "Sincroniza as vendas de um usuário em uma plataforma."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--provider",
            choices=provider_names(),
            default=default_provider(),
            help="plataforma (%(default)s)",
        )
        parser.add_argument("--user", required=True, metavar="E-MAIL", help="e-mail do usuário")
        parser.add_argument(
            "--full", action="store_true", help="tudo desde o início, não só o que mudou"
        )

    def handle(self, *args: Any, provider: str, user: str, full: bool, **options: Any) -> None:
        integration = _find_integration(provider, user)
        try:
            run = runs.request_run(integration, Trigger.STAFF, is_full=full)
        except IntegrationError as error:
            raise CommandError(error.message) from error
        try:
            run = _follow(run)
        except KeyboardInterrupt:
            raise CommandError(
                "Interrompido. A sincronização continua de onde parou: em até 2 minutos, se "
                "houver um worker, ou na próxima execução deste comando depois disso.",
                returncode=INTERRUPTED,
            ) from None
        api_availability.react_to_run(run.id)
        self._report(run)

    def _report(self, run: SyncRun) -> None:
        processed = format_count(run.processed, "venda processada", "vendas processadas")
        self.stdout.write(f"{run.get_state_display()}: {processed}")
        for label, count in (
            ("criadas", run.created),
            ("atualizadas", run.updated),
            ("sem mudança", run.unchanged),
            ("não vieram por webhook", run.missed),
            ("com erro", run.errors),
        ):
            self.stdout.write(f"  {label}: {count}")
        self._list_errors(run)
        if run.state == JobState.QUEUED:
            at = timezone.localtime(run.not_before).strftime("%H:%M:%S")
            raise CommandError(f"Adiada: {run.error} Nova tentativa a partir das {at}.")
        if run.state == JobState.FAILED:
            raise CommandError(run.error)
        if run.state == JobState.CANCELLED:
            raise CommandError("A sincronização foi cancelada.")

    def _list_errors(self, run: SyncRun) -> None:
        errors = run.findings.filter(kind=FindingKind.ERROR).order_by("id")
        for finding in errors[:ERRORS_SHOWN]:
            self.stdout.write(f"    {finding.external_id or '(sem número)'}: {finding.message}")
        if run.errors > ERRORS_SHOWN:
            self.stdout.write(f"    … e mais {run.errors - ERRORS_SHOWN}")


def _find_integration(provider: str, email: str) -> Integration:
    try:
        return Integration.objects.get(user__email__iexact=email.strip(), provider=provider)
    except Integration.DoesNotExist:
        label = get_provider(provider).label
        raise CommandError(
            f"Não há usuário com o e-mail {email}, ou ele nunca conectou o {label}."
        ) from None


def _follow(run: SyncRun) -> SyncRun:
    """Execute a run, or wait for the process that does, until the run ends or is postponed."""
    with tqdm(unit=" vendas", disable=None) as bar, logging_redirect_tqdm():
        while True:
            # Returns at once while another process has the lease; takes over if that process dies.
            runs.execute(run.id, on_progress=lambda run: show_progress(bar, run))
            run.refresh_from_db()
            show_progress(bar, run)
            if not run.is_under_way or run.is_postponed:
                return run
            time.sleep(POLL_SECONDS)


def show_progress(bar: "tqdm[Any]", run: SyncRun) -> None:
    """Update the bar. Its length is known after the run's first page."""
    bar.total = run.expected
    bar.n = run.processed
    bar.refresh()
