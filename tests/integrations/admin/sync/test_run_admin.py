"""Sync runs: the list, and the progress, report and cancellation of one run."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from flowzz.accounts.models import StaffAction
from flowzz.core.db.jobs import JobState
from integrations.models import FindingKind, SyncFinding, SyncRun
from tests.factories import SaleFactory, SyncRunFactory
from tests.staff import Staff, log_in_member, messages_in

RUNS = "/admin/integrations/syncrun/"


def url_of(run: SyncRun) -> str:
    return f"/admin/integrations/syncrun/{run.id}/"


def add_findings(run: SyncRun, kind: FindingKind, count: int = 1) -> None:
    sales = [SaleFactory.create(user=run.integration.user) for _ in range(count)]
    fields = [{"field": "status", "before": "PENDING", "after": "PAID"}, {"field": "metadata"}]
    SyncFinding.objects.bulk_create(
        SyncFinding(
            run=run,
            kind=kind,
            external_id=sale.external_id,
            message="Valor ilegível." if kind == FindingKind.ERROR else "",
            fields=fields if kind == FindingKind.DIFFERS else [],
            value=None if kind == FindingKind.ERROR else Decimal("617.28"),
        )
        for sale in sales
    )


def test_page_counts_the_attempts_that_failed(staff: Staff) -> None:
    run = SyncRunFactory.create(state=JobState.SUCCEEDED)  # at its first attempt
    page = staff.get(f"{url_of(run)}change/").content.decode()
    assert "Tentativas que falharam" in page


@pytest.mark.parametrize("path", ["andamento/", "barra/"])
def test_progress_refreshes_until_the_run_has_ended(staff: Staff, path: str) -> None:
    run = SyncRunFactory.create(state=JobState.RUNNING, total=120, processed=50)
    html = staff.get(url_of(run) + path).content.decode()
    assert f'hx-get="{url_of(run)}{path}"' in html
    assert 'value="50" max="120"' in html
    SyncRun.objects.update(state=JobState.SUCCEEDED)
    response = staff.get(url_of(run) + path)
    assert "hx-get" not in response.content.decode()
    assert "Concluída" in response.content.decode()
    assert response.headers["HX-Refresh"] == "true"  # the rest of the page shows the run, too


@pytest.mark.parametrize(
    ("state", "processed", "text"),
    [
        (JobState.SUCCEEDED, 3, "Nada: os webhooks trouxeram tudo o que ela viu."),
        (JobState.SUCCEEDED, 0, "A sincronização não recebeu vendas para comparar."),
        (JobState.QUEUED, 0, "Só se sabe quando a sincronização terminar."),
        (JobState.FAILED, 3, "Não se sabe: a sincronização não chegou ao fim."),
        (JobState.CANCELLED, 3, "Não se sabe: a sincronização não chegou ao fim."),
    ],
)
def test_only_a_run_that_succeeded_says_that_the_webhooks_missed_nothing(
    staff: Staff, state: JobState, processed: int, text: str
) -> None:
    run = SyncRunFactory.create(state=state, processed=processed)
    assert text in staff.get(f"{url_of(run)}change/").content.decode()


def test_report_lists_findings_with_sales_and_values(staff: Staff) -> None:
    run = SyncRunFactory.create(state=JobState.SUCCEEDED, errors=1)
    add_findings(run, FindingKind.MISSED, 2)
    add_findings(run, FindingKind.DIFFERS)
    add_findings(run, FindingKind.ERROR)
    add_findings(run, FindingKind.UNASSOCIATED)
    add_findings(run, FindingKind.WARNING)
    html = staff.get(f"{url_of(run)}change/").content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "R$ 1.234,56" in html
    assert "Status: Pendente → Pago" in html
    assert "Outros dados" in html
    assert "Valor ilegível." in html
    for kind in FindingKind:
        url = f"/admin/integrations/syncfinding/?run__id__exact={run.id}&kind__exact={kind}"
        assert url.replace("&", "&amp;") in html
        listed = staff.get(url).context["cl"].result_list
        assert len(listed) == (2 if kind == FindingKind.MISSED else 1)


def test_report_takes_a_constant_number_of_statements(staff: Staff) -> None:
    run = SyncRunFactory.create(state=JobState.SUCCEEDED)
    for kind in FindingKind:
        add_findings(run, kind)
    staff.get(f"{url_of(run)}change/")
    with CaptureQueriesContext(connection) as few:
        staff.get(f"{url_of(run)}change/")
    for kind in FindingKind:
        add_findings(run, kind, 5)
    with CaptureQueriesContext(connection) as many:
        staff.get(f"{url_of(run)}change/")
    assert len(many) == len(few) <= 15


def test_cancellation_is_logged_once(staff: Staff) -> None:
    run = SyncRunFactory.create(state=JobState.RUNNING)
    assert messages_in(staff.post(f"{url_of(run)}cancelar/")) == ["Sincronização cancelada."]
    run.refresh_from_db()
    assert (run.state, run.lease) == (JobState.CANCELLED, None)
    messages = messages_in(staff.post(f"{url_of(run)}cancelar/"))
    assert messages[-1:] == ["A sincronização já tinha terminado."]
    assert [entry.action for entry in StaffAction.objects.all()] == ["Cancelou a sincronização"]
    assert staff.get(f"{url_of(run)}cancelar/").status_code == 405


def test_support_can_view_a_run_but_not_cancel_it(db: None) -> None:
    support = log_in_member("Suporte")
    run = SyncRunFactory.create(state=JobState.RUNNING)
    assert "cancel-run" not in support.get(f"{url_of(run)}andamento/").content.decode()
    assert support.post(f"{url_of(run)}cancelar/").status_code == 403
    assert log_in_member().get(f"{url_of(run)}andamento/").status_code == 403


def test_runs_are_cancelled_from_the_list(staff: Staff) -> None:
    run = SyncRunFactory.create()
    ended = SyncRunFactory.create(state=JobState.SUCCEEDED)
    chosen = {"action": "cancel", "_selected_action": [str(run.id), str(ended.id)]}
    assert messages_in(staff.post(RUNS, chosen)) == ["1 sincronização cancelada."]
    run.refresh_from_db()
    ended.refresh_from_db()
    assert (run.state, ended.state) == (JobState.CANCELLED, JobState.SUCCEEDED)


def test_cancelling_an_ended_run_does_not_cancel_a_newer_run(staff: Staff) -> None:
    ended = SyncRunFactory.create(state=JobState.SUCCEEDED)
    under_way = SyncRunFactory.create(integration=ended.integration)
    chosen = {"action": "cancel", "_selected_action": [str(ended.id)]}
    assert messages_in(staff.post(RUNS, chosen)) == ["0 sincronizações canceladas."]
    under_way.refresh_from_db()
    assert under_way.state == JobState.QUEUED
