"""The page of one run: how far it is, what it found, and its end."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from flowzz.accounts.models import StaffAction, User
from flowzz.core.db.jobs import JobState
from integrations.models import FindingKind, SyncFinding, SyncRun
from tests.factories import SaleFactory, SyncRunFactory
from tests.integrations.admin.conftest import Staff
from tests.integrations.admin.events.test_admin import told


def page_of(run: SyncRun) -> str:
    return f"/admin/integrations/syncrun/{run.id}/"


def find(run: SyncRun, kind: FindingKind, count: int = 1) -> None:
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


@pytest.mark.parametrize("path", ["andamento/", "barra/"])
def test_progress_asks_for_itself_until_the_run_has_ended(staff: Staff, path: str) -> None:
    run = SyncRunFactory.create(state=JobState.RUNNING, total=120, processed=50)
    shown = staff.get(page_of(run) + path).content.decode()
    assert f'hx-get="{page_of(run)}{path}"' in shown
    assert 'value="50" max="120"' in shown
    SyncRun.objects.update(state=JobState.SUCCEEDED)
    shown = staff.get(page_of(run) + path).content.decode()
    assert "hx-get" not in shown
    assert "Concluída" in shown


def test_what_was_found_is_told_by_sale_with_its_value(staff: Staff) -> None:
    run = SyncRunFactory.create(state=JobState.SUCCEEDED, errors=1)
    find(run, FindingKind.MISSED, 2)
    find(run, FindingKind.DIFFERS)
    find(run, FindingKind.ERROR)
    shown = staff.get(f"{page_of(run)}change/").content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "R$ 1.234,56" in shown
    assert "situação: Pendente → Pago" in shown
    assert "outros dados" in shown
    assert "Valor ilegível." in shown
    for kind in FindingKind:
        found = f"/admin/integrations/syncfinding/?run__id__exact={run.id}&kind__exact={kind}"
        assert found.replace("&", "&amp;") in shown
        listed = staff.get(found).context["cl"].result_list
        assert len(listed) == (2 if kind == FindingKind.MISSED else 1)


def test_page_of_a_run_costs_the_same_with_many_findings(staff: Staff) -> None:
    run = SyncRunFactory.create(state=JobState.SUCCEEDED)
    for kind in FindingKind:
        find(run, kind)
    staff.get(f"{page_of(run)}change/")
    with CaptureQueriesContext(connection) as few:
        staff.get(f"{page_of(run)}change/")
    for kind in FindingKind:
        find(run, kind, 5)
    with CaptureQueriesContext(connection) as many:
        staff.get(f"{page_of(run)}change/")
    assert len(many) == len(few) <= 15


def test_cancelling_leaves_a_line_once(staff: Staff) -> None:
    run = SyncRunFactory.create(state=JobState.RUNNING)
    assert told(staff.post(f"{page_of(run)}cancelar/")) == ["Sincronização cancelada."]
    run.refresh_from_db()
    assert (run.state, run.lease) == (JobState.CANCELLED, None)
    said = told(staff.post(f"{page_of(run)}cancelar/"))
    assert said[-1:] == ["A sincronização já tinha terminado."]
    assert [line.action for line in StaffAction.objects.all()] == ["Cancelou a sincronização"]
    assert staff.get(f"{page_of(run)}cancelar/").status_code == 405


def test_support_watches_a_run_and_can_not_cancel_it(db: None) -> None:
    support = User.objects.create_user("suporte@flowzz.test", is_staff=True)
    support.groups.set(Group.objects.filter(name="Suporte"))
    browser = Browser()
    browser.force_login(support)
    run = SyncRunFactory.create(state=JobState.RUNNING)
    assert "cancel-run" not in browser.get(f"{page_of(run)}andamento/").content.decode()
    assert browser.post(f"{page_of(run)}cancelar/").status_code == 403
    browser.force_login(User.objects.create_user("ninguem@flowzz.test", is_staff=True))
    assert browser.get(f"{page_of(run)}andamento/").status_code == 403
