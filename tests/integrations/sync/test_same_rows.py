"""Syncs that skip unchanged items end in the same rows as syncs that read every item."""

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from clients.models import Client
from integrations.models import SyncFinding
from integrations.sync import fingerprints
from sales.models import Sale, SaleStatusChange
from sales.order_ids import merges
from tests import payloads
from tests.integrations.sellers import Seller
from tests.integrations.sync.syncing import sync_page

pytestmark = pytest.mark.django_db

STEP = timedelta(seconds=30)
DOCUMENTS = [payloads.cpf(123456780), payloads.cpf(987654320), ""]
CLIENTS = st.fixed_dictionaries(
    {
        "client_name": st.sampled_from(["Ana Lima", "Rui Sá", ""]),
        "client_documment": st.sampled_from(DOCUMENTS),
        "client_phone": st.sampled_from(["62954544554", ""]),
        "client_address_city": st.sampled_from(["Recife", ""]),
    }
)
IDS = st.sampled_from(
    [("ordaaaaa", None), ("ordaaaaa", "venaaa1"), (None, "venaaa1"), ("ordb", "venb1")]
)
ITEMS = st.builds(
    lambda ids, client, changes: payloads.order(
        "", client=client, **{"order_number": ids[0], "order_hash": ids[1], **changes}
    ),
    IDS,
    CLIENTS,
    st.fixed_dictionaries(
        {},
        optional={
            "order_status": st.sampled_from(["Pendente", "Aprovado", "Cancelado", "Estranho", ""]),
            "shipping_status": st.sampled_from(["Enviado", "Entregue"]),
            "tracking_code": st.sampled_from(["BR1", "BR2"]),
            "order_final_price": st.sampled_from(["100.00", 100, "sob consulta"]),
        },
    ),
)
STEPS = st.one_of(
    st.tuples(st.just("page"), st.lists(st.sampled_from(range(4)), min_size=1, max_size=4)),
    st.tuples(st.just("webhook"), st.integers(0, 3)),
    st.tuples(st.just("status"), st.sampled_from(["PAID", "REFUNDED"])),
    st.tuples(st.just("client"), st.sampled_from(["name", "city", "phone"])),
    st.tuples(st.just("associate"), st.none()),
)


def take_step(seller: Seller, step: tuple[str, Any], items: list[Any], time: datetime) -> list[int]:
    kind, value = step
    sales = Sale.objects.owned_by(seller.integration.user_id)
    if kind == "page":
        run = sync_page(seller.integration, [items[index] for index in value], time)
        return [run.processed, run.created, run.updated, run.unchanged, run.errors, run.missed]
    if kind == "webhook":
        seller.process(items[value], received_at=time)
    elif kind == "status":
        sales.update(status=value)
    elif kind == "client":
        Client.objects.owned_by(seller.integration.user_id).update(**{value: ""})
    else:
        merges.associate(list(sales.values_list("id", flat=True)))
    return []


def rows(seller: Seller) -> list[Any]:
    """Return sales, clients, history and findings without ids; times by the step they are from."""
    user_id = seller.integration.user_id
    history = SaleStatusChange.objects.filter(sale__user_id=user_id).order_by("id")
    statuses = history.exclude(field="client_id")
    findings = SyncFinding.objects.filter(run__integration=seller.integration).order_by("id")
    people = ("name", "cpf", "phone", "phone_raw", "city", "document_identifies")
    hidden = ("id", "user_id", "client_id", "created_at", "updated_at", "report_fingerprint")
    return [
        [
            [sale.client and sale.client.name, *_visible(sale, hidden)]
            for sale in Sale.objects.owned_by(user_id).order_by("id").select_related("client")
        ],
        list(Client.objects.owned_by(user_id).order_by("id").values_list(*people)),
        list(statuses.values_list("sale__external_id", "field", "from_status", "to_status")),
        history.count(),
        list(findings.values_list("kind", "external_id", "message", "fields")),
    ]


def _visible(sale: Sale, hidden: tuple[str, ...]) -> list[Any]:
    values = (
        getattr(sale, f.attname) for f in Sale._meta.concrete_fields if f.attname not in hidden
    )
    return [
        round(value.timestamp() / STEP.total_seconds()) if isinstance(value, datetime) else value
        for value in values
    ]


@given(st.lists(ITEMS, min_size=4, max_size=4), st.lists(STEPS, min_size=3, max_size=9))
def test_skipping_unchanged_items_changes_no_row(items: list[Any], steps: list[Any]) -> None:
    with transaction.atomic():
        skipping, reading = Seller("a@flowzz.test"), Seller("b@flowzz.test")
        time = timezone.now() - timedelta(hours=1)
        for step in steps:
            time += STEP
            figures = take_step(skipping, step, items, time)
            with patch.object(fingerprints, "find_unchanged", return_value={}):
                assert take_step(reading, step, items, time) == figures
            assert rows(skipping) == rows(reading)
        transaction.set_rollback(True)
