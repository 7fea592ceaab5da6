import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import IntegrationStatus
from tests.factories import IntegrationFactory, SyncRunFactory
from tests.integrations.admin.rows import make_event
from tests.staff import Staff

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"paused_at": timezone.now()}, "pausada"),
        ({"paused_at": timezone.now(), "status": IntegrationStatus.DISCONNECTED}, "desconectada"),
        ({}, ""),
    ],
)
def test_lists_and_search_hits_say_that_an_integration_takes_nothing(
    staff: Staff, fields: dict[str, object], note: str
) -> None:
    integration = IntegrationFactory.create(**fields)
    SyncRunFactory.create(integration=integration)
    make_event(integration, external_id="ordbuscado")
    for url in (
        reverse("admin:integrations_webhookevent_changelist"),
        reverse("admin:integrations_syncrun_changelist"),
        f"{reverse('backoffice:search')}?q=ordbuscado",
    ):
        html = staff.get(url).content.decode()
        shown = {word for word in ("pausada", "desconectada") if f"{word}<" in html}
        assert shown == ({note} if note else set()), url
