"""What staff can do with integrations."""

import pytest
from django.contrib.auth.models import Permission

from flowzz.accounts.models import StaffAction, User
from flowzz.core.db.jobs import JobState
from integrations.models import Integration, SyncRun, Trigger
from tests.factories import IntegrationFactory, SyncRunFactory
from tests.integrations.admin.conftest import Staff
from tests.integrations.admin.events.test_admin import told

INTEGRATIONS = "/admin/integrations/integration/"
RUNS = "/admin/integrations/syncrun/"


def act(staff: Staff, action: str, integration: Integration) -> list[str]:
    chosen = {"action": action, "_selected_action": [str(integration.id)]}
    return told(staff.post(INTEGRATIONS, chosen))


@pytest.mark.parametrize(
    ("action", "is_full", "said"),
    [
        ("start_sync", False, "Sincronização pedida."),
        ("start_full_sync", True, "Sincronização completa pedida."),
    ],
)
def test_staff_start_a_sync(staff: Staff, action: str, is_full: bool, said: str) -> None:
    integration = IntegrationFactory.create()
    assert act(staff, action, integration) == [f"{integration.user}: {said}"]
    run = SyncRun.objects.get()
    assert (run.trigger, run.is_full, run.state) == (Trigger.STAFF, is_full, JobState.QUEUED)


def test_full_sync_beside_another_is_refused(staff: Staff) -> None:
    integration = SyncRunFactory.create().integration
    said = act(staff, "start_full_sync", integration)
    assert said == [f"{integration.user}: Já há uma sincronização em andamento."]
    assert StaffAction.objects.count() == 0


def test_staff_cancel_a_sync(staff: Staff) -> None:
    run = SyncRunFactory.create()
    act(staff, "cancel_sync", run.integration)
    run.refresh_from_db()
    assert run.state == JobState.CANCELLED


def test_staff_cancel_a_run_from_its_list(staff: Staff) -> None:
    run = SyncRunFactory.create()
    ended = SyncRunFactory.create(state=JobState.SUCCEEDED)
    chosen = {"action": "cancel", "_selected_action": [str(run.id), str(ended.id)]}
    assert told(staff.post(RUNS, chosen)) == ["1 sincronização cancelada."]
    run.refresh_from_db()
    ended.refresh_from_db()
    assert (run.state, ended.state) == (JobState.CANCELLED, JobState.SUCCEEDED)


def test_cancelling_an_ended_run_leaves_its_successor_alone(staff: Staff) -> None:
    ended = SyncRunFactory.create(state=JobState.SUCCEEDED)
    under_way = SyncRunFactory.create(integration=ended.integration)
    chosen = {"action": "cancel", "_selected_action": [str(ended.id)]}
    assert told(staff.post(RUNS, chosen)) == ["0 sincronizações canceladas."]
    under_way.refresh_from_db()
    assert under_way.state == JobState.QUEUED


def test_who_may_only_look_can_not_act(staff: Staff) -> None:
    looker = User.objects.create_user("consulta@flowzz.test", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_integration"))
    staff.force_login(looker)
    integration = IntegrationFactory.create()
    assert staff.get(INTEGRATIONS).status_code == 200
    act(staff, "start_sync", integration)
    assert SyncRun.objects.count() == 0


def test_seller_has_no_business_here(staff: Staff) -> None:
    staff.force_login(User.objects.create_user("vendedora@flowzz.test"))
    assert staff.get(INTEGRATIONS).status_code == 302
