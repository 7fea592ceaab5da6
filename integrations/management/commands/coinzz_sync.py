"""`manage.py coinzz_sync`: a sync of one user's sales, with its progress on the screen."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from flowzz.core.db.jobs import JobState
from integrations.models import FindingKind, Integration, SyncRun, Trigger
from integrations.providers.coinzz import COINZZ, CoinzzProvider
from integrations.providers.errors import IntegrationError
from integrations.sync import runs

POLL_SECONDS = 0.5
ERRORS_SHOWN = 20
INTERRUPTED = 130


class Command(BaseCommand):
    help = "Sincroniza as vendas do Coinzz de um usuário."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", required=True, metavar="E-MAIL", help="e-mail do usuário")
        parser.add_argument(
            "--full", action="store_true", help="tudo desde o início, não só o que mudou"
        )

    def handle(self, *args: Any, user: str, full: bool, **options: Any) -> None:
        integration = _integration(user)
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
        self._report(run)

    def _report(self, run: SyncRun) -> None:
        self.stdout.write(f"{run.get_state_display()}: {run.processed} vendas processadas")
        for label, count in (
            ("criadas", run.created),
            ("atualizadas", run.updated),
            ("sem mudança", run.unchanged),
            ("não vieram por webhook", run.missed),
            ("com erro", run.errors),
        ):
            self.stdout.write(f"  {label}: {count}")
        self._name_errors(run)
        if run.state == JobState.QUEUED:
            at = timezone.localtime(run.not_before).strftime("%H:%M:%S")
            raise CommandError(f"Adiada: {run.error} Nova tentativa a partir das {at}.")
        if run.state == JobState.FAILED:
            raise CommandError(run.error)
        if run.state == JobState.CANCELLED:
            raise CommandError("A sincronização foi cancelada.")

    def _name_errors(self, run: SyncRun) -> None:
        errors = run.findings.filter(kind=FindingKind.ERROR).order_by("id")
        for finding in errors[:ERRORS_SHOWN]:
            self.stdout.write(f"    {finding.external_id or '(sem número)'}: {finding.message}")
        if run.errors > ERRORS_SHOWN:
            self.stdout.write(f"    … e mais {run.errors - ERRORS_SHOWN}")


def _integration(email: str) -> Integration:
    try:
        return Integration.objects.get(user__email__iexact=email.strip(), provider=COINZZ)
    except Integration.DoesNotExist:
        label = CoinzzProvider.label
        raise CommandError(
            f"Não há usuário com o e-mail {email}, ou ele nunca conectou o {label}."
        ) from None


def _follow(run: SyncRun) -> SyncRun:
    """Carry a run out, or watch who does, until it ends or is postponed."""
    with tqdm(unit=" vendas", disable=None) as bar, logging_redirect_tqdm():
        while True:
            # Does nothing while another process carries it out, and takes over if that one dies.
            runs.execute(run.id, on_progress=lambda run: show(bar, run))
            run.refresh_from_db()
            show(bar, run)
            if run.state != JobState.RUNNING:
                return run
            time.sleep(POLL_SECONDS)


def show(bar: "tqdm[Any]", run: SyncRun) -> None:
    """Move the bar to where the run is; its length is known after the first page."""
    bar.total = run.expected
    bar.n = run.processed
    bar.refresh()
