"""A sync from the command line, against the sandbox."""

import threading
import uuid
from datetime import timedelta
from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from tqdm import tqdm

from flowzz.core.db import jobs
from flowzz.core.db.jobs import JobState
from integrations.management.commands import sync
from integrations.models import FindingKind, Integration, SyncFinding, SyncRun, Trigger
from integrations.sync import reading, runs
from sales.models import Sale
from tests.factories import IntegrationFactory, SyncRunFactory

EMAIL = "vendedora@flowzz.test"


def run_command(**options: Any) -> str:
    out = StringIO()
    call_command("sync", user=options.pop("user", EMAIL), stdout=out, **options)
    return out.getvalue()


def test_sync_prints_its_counts(integration: Integration) -> None:
    assert run_command() == (
        "Concluída: 120 vendas processadas\n"
        "  criadas: 120\n"
        "  atualizadas: 0\n"
        "  sem mudança: 0\n"
        "  não vieram por webhook: 0\n"
        "  com erro: 0\n"
    )
    assert Sale.objects.count() == 120
    assert SyncRun.objects.get().trigger == Trigger.STAFF


def test_full_sync_reads_everything_again(integration: Integration) -> None:
    run_command()
    output = run_command(full=True)
    assert output.startswith("Concluída: 120 vendas processadas\n  criadas: 0\n")
    assert SyncRun.objects.latest("id").is_full


def test_command_goes_on_with_a_run_that_waited_for_the_inbox(integration: Integration) -> None:
    with patch.object(runs, "apply_received_webhooks", side_effect=[False, True, True, True]):
        assert run_command().startswith("Concluída: 120 vendas processadas\n")


def test_coinzz_sync_is_another_name_of_the_command(integration: Integration) -> None:
    call_command("coinzz_sync", user=EMAIL, stdout=StringIO())
    assert SyncRun.objects.get().state == JobState.SUCCEEDED


@pytest.mark.django_db
@pytest.mark.parametrize("known", [True, False])
def test_unknown_or_unconnected_user_is_an_error(known: bool) -> None:
    IntegrationFactory.create()
    email = "outra@flowzz.test" if known else "ninguem@flowzz.test"
    with pytest.raises(CommandError, match=f"Não há usuário com o e-mail {email}"):
        run_command(user=email)


def test_disconnected_integration_is_an_error(db: None) -> None:
    integration = IntegrationFactory.create(status="DISCONNECTED")
    with pytest.raises(CommandError, match="não está conectada"):
        run_command(user=integration.user.email.upper())


def test_full_sync_is_refused_while_another_run_is_under_way(db: None) -> None:
    run = SyncRunFactory.create()
    with pytest.raises(CommandError, match="Já há uma sincronização em andamento"):
        run_command(user=run.integration.user.email, full=True)


def test_failed_run_prints_its_errors_and_exits_with_1(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(run_id: uuid.UUID, **options: object) -> None:
        run = SyncRun.objects.get(id=run_id)
        SyncFinding.objects.create(
            run=run, kind=FindingKind.ERROR, external_id="ordruimaa", message="Sem preço."
        )
        SyncRun.objects.update(state=JobState.FAILED, error="A chave foi recusada.", errors=25)

    monkeypatch.setattr(runs, "execute", fail)
    out = StringIO()
    with pytest.raises(CommandError, match="A chave foi recusada") as failure:
        call_command("sync", user=EMAIL, stdout=out)
    assert failure.value.returncode == 1
    assert out.getvalue().endswith("    ordruimaa: Sem preço.\n    … e mais 5\n")


def test_postponed_run_prints_the_reason_and_the_next_attempt(integration: Integration) -> None:
    SyncRunFactory.create(
        integration=integration,
        not_before=timezone.now() + timedelta(minutes=5),
        error="O Coinzz não respondeu.",
    )
    with pytest.raises(CommandError, match=r"^Adiada: O Coinzz não respondeu\. Nova tentativa"):
        run_command()


def test_interrupted_run_can_be_resumed(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = 0

    def interrupt(bar: object, run: SyncRun) -> None:
        nonlocal pages
        pages += 1
        if pages == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(reading, "MAX_SALES", 1)  # each page is stored alone
    monkeypatch.setattr(sync, "show_progress", interrupt)
    with pytest.raises(CommandError, match="Interrompido") as failure:
        run_command()
    assert failure.value.returncode == 130
    monkeypatch.undo()
    run = SyncRun.objects.get()
    assert (run.state, run.processed, run.next_page) == (JobState.RUNNING, 100, 3)
    SyncRun.objects.update(heartbeat_at=timezone.now() - jobs.LEASE_DURATION * 2)
    assert run_command().startswith("Concluída: 120 vendas processadas\n")
    assert Sale.objects.count() == 120


@pytest.mark.django_db(transaction=True)
def test_command_waits_for_the_run_of_another_process(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "POLL_SECONDS", 0.05)
    SyncRunFactory.create(
        integration=integration, state=JobState.RUNNING, heartbeat_at=timezone.now(), processed=7
    )

    def succeed() -> None:
        SyncRun.objects.update(state=JobState.SUCCEEDED)
        connection.close()

    other = threading.Timer(0.3, succeed)
    other.start()
    output = run_command()
    other.join()
    assert output.startswith("Concluída: 7 vendas processadas\n")


def test_progress_bar_shows_the_total_once_known() -> None:
    bar = tqdm(file=StringIO())
    sync.show_progress(bar, SyncRun(processed=0))
    assert (bar.n, bar.total) == (0, None)
    sync.show_progress(bar, SyncRun(processed=200, total=1500, sales_limit=1000))
    assert (bar.n, bar.total) == (200, 1000)
    bar.close()
