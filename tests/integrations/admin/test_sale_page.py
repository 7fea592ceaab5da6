"""The page of a sale: the timeline with what integrations add to it."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clients.models import ClientMerge
from flowzz.accounts.models import StaffAction, User
from flowzz.backoffice import audit_log
from flowzz.backoffice.display import change_url
from integrations.models import (
    BulkAction,
    EventOutcome,
    EventState,
    FindingKind,
    Integration,
    SalesImport,
    StatusMapping,
    SyncFinding,
    WebhookEvent,
)
from sales.admin.sale_page.timeline import PAGE_SIZE, SOURCE_LIMIT, Entry
from sales.models import Origin, Sale, SaleStatusChange, Subscription, SubscriptionCycle
from tests.factories import NOON, IntegrationFactory, SaleFactory, SyncRunFactory
from tests.integrations.admin.rows import make_event
from tests.staff import Staff, log_in_member

TRACKING_CODE = "BR123456789BR"
DIFFERENCES = [
    {"field": "status", "before": "PENDING", "after": "PAID"},
    {"field": "tracking_code", "before": "", "after": TRACKING_CODE},
    {"field": "total_price", "before": "10.00", "after": "1234.50"},
]


@pytest.fixture
def integration(db: None) -> Integration:
    return IntegrationFactory.create()


@pytest.fixture
def sale(integration: Integration) -> Sale:
    return SaleFactory.create(user=integration.user)


def entries_on_page(staff: Staff, sale: Sale) -> list[Entry]:
    return list(staff.get(change_url(sale)).context["timeline"].entries)


def make_change(sale: Sale, origin: Origin, origin_id: UUID, *, hours: int = 0) -> None:
    SaleStatusChange.objects.create(
        sale=sale,
        from_status="PENDING",
        to_status="PAID",
        changed_at=NOON + timedelta(hours=hours),
        origin=origin,
        origin_id=origin_id,
    )


def make_staff_action(person: User, sale: Sale, *, hours: int) -> StaffAction:
    """Log a status set by hand at the time of the change that it causes."""
    at = NOON + timedelta(hours=hours)
    with time_machine.travel(at, tick=False):
        return audit_log.record(person, "Definiu o status da venda", sale)


def receive(
    integration: Integration, sale: Sale, at: datetime, outcome: EventOutcome = EventOutcome.UPDATED
) -> WebhookEvent:
    return make_event(
        integration, sale.external_id, received_at=at, state=EventState.DONE, outcome=outcome
    )


def make_entries(integration: Integration, sale: Sale, count: int) -> None:
    """Create `count` rows for every source of the timeline."""
    user = User.objects.create_superuser(f"pessoa{User.objects.count()}@flowzz.test")
    for number in range(count):
        at = NOON + timedelta(minutes=number)
        event = receive(integration, sale, at)
        make_change(sale, Origin.EVENT, event.id, hours=number)
        run = SyncRunFactory.create(integration=integration, state="SUCCEEDED")
        make_change(sale, Origin.RUN, run.id, hours=number)
        SyncFinding.objects.create(run=run, kind="differs", external_id=sale.external_id)
        sales_import = SalesImport.objects.create(integration=integration, state="SUCCEEDED")
        make_change(sale, Origin.IMPORT, sales_import.id, hours=number)
        act = audit_log.record(user, "Definiu o status da venda", sale)
        make_change(sale, Origin.PERSON, act.id, hours=number)
        assert sale.client is not None
        ClientMerge.objects.create(
            kind="merge", source=sale.client, sale_ids=[sale.id], created_by=user
        )
        subscription = Subscription.objects.create(
            user=sale.user,
            source=sale.source,
            subscription_hash=f"ass{user.id}{number}",
            observed_at=at,
        )
        SubscriptionCycle.objects.create(
            subscription=subscription, sale=sale, cycle=1, observed_at=at
        )
        audit_log.record(user, "Revelou dados pessoais", sale)
        audit_log.record(user, "Reprocessou evento", event)


def test_timeline_lists_everything_newest_first_with_its_cause(
    staff: Staff, integration: Integration, sale: Sale
) -> None:
    created = receive(integration, sale, NOON, EventOutcome.CREATED)
    make_change(sale, Origin.EVENT, created.id)
    duplicate = receive(integration, sale, NOON + timedelta(hours=1), EventOutcome.DUPLICATE)
    receive(IntegrationFactory.create(), sale, NOON + timedelta(hours=1))
    person = User.objects.create_superuser("ana@flowzz.test")
    act = make_staff_action(person, sale, hours=2)
    make_change(sale, Origin.PERSON, act.id, hours=2)
    sales_import = SalesImport.objects.create(integration=integration, file_name="vendas.csv")
    make_change(sale, Origin.IMPORT, sales_import.id, hours=3)
    run = SyncRunFactory.create(integration=integration, trigger="staff")
    make_change(sale, Origin.RUN, run.id, hours=4)
    SyncFinding.objects.create(
        run=run, kind=FindingKind.DIFFERS, external_id=sale.external_id, fields=DIFFERENCES
    )
    audit_log.record(person, "Reprocessou evento", created, reason="Atendimento 7")

    entries = entries_on_page(staff, sale)
    assert [(entry.title, entry.badge, entry.by) for entry in entries] == [
        ("Reprocessou evento", "", "ana@flowzz.test"),
        ("Sincronização", "Campos diferentes", "Equipe"),
        ("Importação", "", "vendas.csv"),
        ("Definiu o status da venda", "", "ana@flowzz.test"),
        ("Webhook", "Repetido", ""),
        ("Webhook", "Venda criada", ""),
    ]
    assert [list(entry.lines) for entry in entries[:2]] == [
        ["Motivo: Atendimento 7"],
        [
            "Status: Pendente → Pago",
            f"Código de rastreio: — → {TRACKING_CODE}",
            "Valor total: R$\N{NO-BREAK SPACE}10,00 → R$\N{NO-BREAK SPACE}1.234,50",
        ],
    ]
    replay = StaffAction.objects.get(action="Reprocessou evento")
    rows = [replay, run, sales_import, act, duplicate, created]
    assert [entry.href for entry in entries] == [change_url(row) for row in rows]


def test_acts_of_one_person_and_a_mapping_are_entries_of_their_own(
    staff: Staff, sale: Sale
) -> None:
    person = User.objects.create_superuser("ana@flowzz.test")
    mapping = StatusMapping.objects.create(provider="coinzz", field="order", word="Em análise")
    action = BulkAction.objects.create(kind="remap", mapping=mapping, requested_by=person)
    for at in range(2):
        act = make_staff_action(person, sale, hours=at)
        make_change(sale, Origin.PERSON, act.id, hours=at)
    make_change(sale, Origin.MAPPING, action.id, hours=2)

    entries = entries_on_page(staff, sale)

    hours = [(entry.at - NOON) // timedelta(hours=1) for entry in entries]
    assert hours == [2, 1, 0]
    assert [(entry.title, entry.by, len(entry.lines)) for entry in entries] == [
        ("Significado de um texto recebido", "“Em análise”, por ana@flowzz.test", 1),
        ("Definiu o status da venda", "ana@flowzz.test", 1),
        ("Definiu o status da venda", "ana@flowzz.test", 1),
    ]
    assert entries[0].href == change_url(action)


def test_support_sees_no_personal_data_undo_links_or_audit_log(
    integration: Integration, sale: Sale
) -> None:
    support = log_in_member("Suporte")
    Group.objects.get(name="Suporte").permissions.remove(
        Permission.objects.get(codename="view_staffaction")
    )
    metadata = {
        "tracking_code": TRACKING_CODE,
        "producer_name": "Girassol",
        "total_installments": 7,
    }
    Sale.objects.update(tracking_code=TRACKING_CODE, metadata=metadata)
    run = SyncRunFactory.create(integration=integration, state="SUCCEEDED")
    finding = SyncFinding.objects.create(
        run=run, kind=FindingKind.DIFFERS, external_id=sale.external_id, fields=DIFFERENCES
    )
    assert sale.client is not None
    ClientMerge.objects.create(kind="merge", source=sale.client, sale_ids=[sale.id])
    audit_log.record(User.objects.create_user("ana@flowzz.test"), "Revelou", sale)

    titles = [entry.title for entry in entries_on_page(support, sale)]
    assert titles == ["União de clientes", "Sincronização"]
    findings = reverse("admin:integrations_syncfinding_changelist")
    hidden = (TRACKING_CODE, sale.client.name, "Girassol", "Desfazer")
    for page in (findings, *map(change_url, (sale, finding, run, sale.client))):
        html = support.get(page).content.decode()
        assert [text for text in hidden if text in html] == []
    assert "Código de rastreio" in support.get(findings).content.decode()
    assert "total_installments&quot;: 7" in support.get(change_url(sale)).content.decode()


def test_number_of_queries_does_not_grow_with_the_timeline(
    staff: Staff, integration: Integration, sale: Sale
) -> None:
    make_entries(integration, sale, 1)
    staff.get(change_url(sale))
    with CaptureQueriesContext(connection) as few:
        staff.get(change_url(sale))
    make_entries(integration, sale, PAGE_SIZE)
    with CaptureQueriesContext(connection) as many:
        entries = entries_on_page(staff, sale)
    assert len(many) == len(few) <= 25
    assert len(entries) <= PAGE_SIZE


def test_following_pages_list_every_entry_once(
    staff: Staff, integration: Integration, sale: Sale
) -> None:
    events = [
        receive(integration, sale, NOON + timedelta(minutes=number // 2)).id
        for number in range(2 * SOURCE_LIMIT + 3)
    ]
    listed, query = [], dict[str, str]()
    while True:
        timeline = staff.get(change_url(sale), query).context["timeline"]
        listed += [entry.cause[1] for entry in timeline.entries if entry.cause]
        if timeline.older is None:
            break
        query = {"antes": timeline.older.isoformat()}
    assert listed == list(reversed(events))
