"""What a report changes in a sale, and the history of its statuses."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from flowzz.accounts.models import User
from flowzz.core.models import DataVersion
from sales.facts import SaleFacts
from sales.models import ChangeSource, DirtyDay, Origin, Sale, SaleStatusChange
from sales.recording import Outcome, RecordResult, SaleBatch
from sales.sale_changes import FieldChange
from sales.statuses import SaleStatus, ShippingStatus

NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)
EVENT, RUN = uuid.uuid4(), uuid.uuid4()
PAID, SHIPPED, DELIVERED = SaleStatus.PAID, SaleStatus.SHIPPED, SaleStatus.DELIVERED


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create(email="vendedora@flowzz.test")


def event(hours: float) -> ChangeSource:
    """Return an event that arrived this many hours after noon."""
    return ChangeSource(
        observed_at=NOON + timedelta(hours=hours), origin=Origin.EVENT, origin_id=EVENT
    )


def snapshot(hours: float) -> ChangeSource:
    return ChangeSource(
        observed_at=NOON + timedelta(hours=hours),
        origin=Origin.RUN,
        origin_id=RUN,
        is_snapshot=True,
    )


def record(user: User, source: ChangeSource, **values: Any) -> RecordResult:
    """Record one report about the order ord1, in a batch of its own."""
    facts = SaleFacts(
        external_id="ord1", total_price=values.pop("total", Decimal("100.00")), **values
    )
    batch = SaleBatch.load(user.id, "loja", {"ord1"})
    sale = batch.get("ord1")
    result = batch.update(sale, facts, source) if sale else batch.create(facts, None, None, source)
    batch.save()
    return result


def stored() -> Sale:
    sale: Sale = Sale.objects.get()
    return sale


def history() -> list[tuple[Any, ...]]:
    return list(
        SaleStatusChange.objects.values_list(
            "field", "from_status", "to_status", "changed_at", "origin_id"
        )
    )


def test_first_report_creates_the_sale_with_its_history(user: User) -> None:
    outcome = record(user, event(0), status=PAID, shipping_status=ShippingStatus.SHIPPED).outcome

    assert outcome == Outcome.CREATED
    sale = stored()
    assert (sale.status, sale.shipping_status) == (PAID, ShippingStatus.SHIPPED)
    assert (sale.paid_at, sale.shipped_at, sale.delivered_at) == (NOON, NOON, None)
    assert sale.observed_at == NOON
    assert history() == [
        ("status", "", "PAID", NOON, EVENT),
        ("shipping_status", "", "SHIPPED", NOON, EVENT),
    ]


def test_sale_without_a_date_gets_the_date_of_arrival_until_a_report_has_one(user: User) -> None:
    record(user, event(1))
    assert stored().sale_date.replace(microsecond=0) == NOON + timedelta(hours=1)
    record(user, event(0), sale_date=NOON)
    assert stored().sale_date == NOON
    record(user, event(-1), sale_date=NOON - timedelta(days=1))
    assert stored().sale_date == NOON


def test_both_statuses_change_with_a_history_row_each(user: User) -> None:
    record(user, event(0))
    result = record(user, event(1), status=PAID, shipping_status=ShippingStatus.DELIVERED)

    assert result.outcome == Outcome.UPDATED
    assert [(d.field, d.before, d.after) for d in result.changes] == [
        ("status", "PENDING", "PAID"),
        ("shipping_status", "PENDING", "DELIVERED"),
    ]
    later = NOON + timedelta(hours=1)
    assert history() == [
        ("status", "", "PENDING", NOON, EVENT),
        ("status", "PENDING", "PAID", later, EVENT),
        ("shipping_status", "PENDING", "DELIVERED", later, EVENT),
    ]
    assert (stored().paid_at, stored().delivered_at) == (later, later)


def test_status_dates_are_set_once(user: User) -> None:
    record(user, event(0), status=PAID)
    record(user, event(1), status=SaleStatus.CANCELLED)
    record(user, event(2), status=PAID)

    assert stored().status == PAID
    assert stored().paid_at == NOON
    assert stored().cancelled_at == NOON + timedelta(hours=1)


def test_unchanged_sale_is_not_written_but_for_the_time_of_the_report(user: User) -> None:
    record(user, event(0), status=PAID, metadata={"courier_name": "Rafael"})
    before, versions = Sale.objects.values().get(), list(DataVersion.objects.values())
    DirtyDay.objects.all().delete()

    assert record(user, event(1), status=PAID).outcome == Outcome.UNCHANGED
    assert Sale.objects.values().get() == before | {"observed_at": NOON + timedelta(hours=1)}
    assert (list(DataVersion.objects.values()), DirtyDay.objects.count()) == (versions, 0)


def test_sale_that_a_snapshot_does_not_change_is_not_written(user: User) -> None:
    record(user, event(0), status=PAID)
    before = Sale.objects.values().get()

    assert record(user, snapshot(1), status=PAID).outcome == Outcome.UNCHANGED
    assert Sale.objects.values().get() == before


def test_report_from_before_one_that_changed_nothing_is_late(user: User) -> None:
    record(user, event(0), status=PAID)
    record(user, event(2), status=PAID)

    late = record(user, event(1), status=SaleStatus.CANCELLED, total=Decimal("55.00"))

    assert late.changes == [FieldChange("cancelled_at", None, NOON + timedelta(hours=1))]
    assert (stored().status, stored().total_price) == (PAID, Decimal("100.00"))


@pytest.mark.parametrize(
    ("current", "reported"),
    [(DELIVERED, SHIPPED), (PAID, SaleStatus.PENDING), (SaleStatus.REFUNDED, PAID)],
)
def test_refused_transition_leaves_the_status(
    user: User, current: SaleStatus, reported: SaleStatus
) -> None:
    record(user, event(0), status=current)

    assert record(user, event(1), status=reported).outcome == Outcome.STALE
    assert stored().status == current
    assert len(history()) == 1


def test_report_with_a_refused_status_keeps_only_the_status(user: User) -> None:
    record(user, event(0), status=DELIVERED, product_name="Creme", metadata={"offer": "A"})

    result = record(
        user,
        event(1),
        status=SHIPPED,
        product_name="Outro",
        tracking_code="BR1",
        commission=Decimal("5.00"),
        total=Decimal("1.00"),
        unknown_shipping_status="estranho",
        deleted_at=NOON,
        metadata={"offer": "B", "courier_name": "Rafael"},
    )

    assert result.outcome == Outcome.UPDATED
    sale = stored()
    assert (sale.status, sale.refused_status) == (DELIVERED, SHIPPED)
    assert (sale.product_name, sale.tracking_code, sale.commission) == (
        "Outro",
        "BR1",
        Decimal("5.00"),
    )
    assert (sale.total_price, sale.unit_price) == (Decimal("1.00"), Decimal("1.00"))
    assert (sale.unknown_shipping_status, sale.deleted_at) == ("estranho", NOON)
    assert sale.metadata == {"offer": "B", "courier_name": "Rafael"}


def test_late_report_only_fills_empty_fields_and_makes_irreversible_transitions(user: User) -> None:
    record(user, event(2), status=SaleStatus.CANCELLED, product_name="Creme")

    late = record(user, event(1), status=PAID, product_name="Outro", payment_method="pix")

    assert late.outcome == Outcome.UPDATED
    assert (stored().status, stored().product_name) == (SaleStatus.CANCELLED, "Creme")
    assert stored().refused_status == ""
    assert stored().payment_method == "pix"
    assert stored().observed_at == NOON + timedelta(hours=2)

    assert record(user, event(1.5), status=SaleStatus.REFUNDED).outcome == Outcome.UPDATED
    assert stored().status == SaleStatus.REFUNDED


def test_late_report_fills_the_time_of_a_status_that_was_reached_before(user: User) -> None:
    record(user, event(3), status=DELIVERED)
    assert (stored().paid_at, stored().shipped_at) == (None, None)

    assert record(user, event(1), status=PAID).outcome == Outcome.UPDATED
    late = record(user, event(2), status=None, shipping_status=ShippingStatus.SHIPPED)

    assert late.outcome == Outcome.UPDATED
    sale = stored()
    assert (sale.status, sale.observed_at) == (DELIVERED, NOON + timedelta(hours=3))
    assert sale.paid_at == NOON + timedelta(hours=1)
    assert sale.shipped_at == NOON + timedelta(hours=2)
    assert sale.delivered_at == NOON + timedelta(hours=3)
    assert record(user, event(2), status=PAID).outcome == Outcome.STALE


def test_late_report_fills_no_time_of_a_status_that_was_out_of_reach(user: User) -> None:
    record(user, event(0), status=DELIVERED)
    record(user, event(2), status=SaleStatus.CANCELLED)

    assert record(user, event(1), status=SHIPPED).outcome == Outcome.STALE
    assert (stored().shipped_at, stored().paid_at) == (None, None)


def test_snapshot_overrides_the_transition_table(user: User) -> None:
    record(user, event(0), status=DELIVERED)

    assert record(user, snapshot(1), status=SHIPPED).outcome == Outcome.UPDATED
    assert stored().status == SHIPPED
    assert history()[-1] == ("status", "DELIVERED", "SHIPPED", NOON + timedelta(hours=1), RUN)


def test_late_snapshot_does_not_override_a_newer_event(user: User) -> None:
    record(user, event(0), status=PAID)
    record(user, event(2), status=DELIVERED)

    assert record(user, snapshot(1), status=PAID).outcome == Outcome.STALE
    assert stored().status == DELIVERED


def test_unknown_status_word_leaves_the_status_and_is_stored(user: User) -> None:
    record(user, event(0), status=PAID)

    result = record(user, event(1), unknown_status="em orbita", product_name="Creme")

    assert result.outcome == Outcome.UPDATED
    assert (stored().status, stored().unknown_status) == (PAID, "em orbita")
    assert stored().product_name == "Creme"


def test_known_status_word_clears_the_unknown_one(user: User) -> None:
    record(user, event(0), unknown_status="em orbita", unknown_shipping_status="no ar")
    assert (stored().status, stored().unknown_status) == (SaleStatus.PENDING, "em orbita")

    record(user, event(1), status=PAID, shipping_status=ShippingStatus.PENDING)

    sale = stored()
    assert (sale.status, sale.unknown_status, sale.unknown_shipping_status) == (PAID, "", "")


def test_missing_status_keeps_the_status_and_the_unknown_word(user: User) -> None:
    record(user, event(0), status=PAID, unknown_shipping_status="no ar")

    result = record(user, event(1), total=None, product_name="Creme")

    assert result.outcome == Outcome.UPDATED
    sale = stored()
    assert (sale.status, sale.shipping_status) == (PAID, ShippingStatus.PENDING)
    assert (sale.unknown_status, sale.unknown_shipping_status) == ("", "no ar")
    assert (sale.total_price, sale.product_name) == (Decimal("100.00"), "Creme")


def test_quantity_is_one_if_not_reported(user: User) -> None:
    record(user, event(0))

    assert (stored().quantity, stored().unit_price) == (1, Decimal("100.00"))


def test_unreported_quantity_and_deletion_stay_unchanged(user: User) -> None:
    record(user, event(0), quantity=4, deleted_at=NOON)

    record(user, event(1), total=Decimal("80.00"), reports_deletion=False)

    sale = stored()
    assert (sale.quantity, sale.unit_price, sale.deleted_at) == (4, Decimal("20.00"), NOON)


def test_deletion_is_applied_and_reversed(user: User) -> None:
    record(user, event(0), deleted_at=NOON)
    assert stored().deleted_at == NOON

    record(user, event(1))
    assert stored().deleted_at is None


def test_price_and_quantity_are_updated(user: User) -> None:
    record(user, event(0))
    record(user, event(1), total=Decimal("197.00"), quantity=3, commission=Decimal("50.99"))

    sale = stored()
    assert (sale.total_price, sale.quantity, sale.unit_price, sale.commission) == (
        Decimal("197.00"),
        3,
        Decimal("65.67"),
        Decimal("50.99"),
    )


def test_missing_values_leave_stored_ones_unchanged(user: User) -> None:
    record(user, event(0), tracking_code="BR1", commission=Decimal("5.00"), payment_method="pix")
    record(user, event(1), status=PAID)

    sale = stored()
    assert (sale.tracking_code, sale.commission, sale.payment_method) == (
        "BR1",
        Decimal("5.00"),
        "pix",
    )


def test_metadata_is_merged_including_utms_and_extra_fields(user: User) -> None:
    record(
        user,
        event(0),
        metadata={"a": 1, "utms": {"source": "google"}, "extra": {"order": {"x": 1}}},
    )
    record(user, event(1), metadata={"b": [2], "utms": {"medium": "cpc"}, "extra": {"client": {}}})

    assert stored().metadata == {
        "a": 1,
        "b": [2],
        "utms": {"source": "google", "medium": "cpc"},
        "extra": {"order": {"x": 1}, "client": {}},
    }


def test_reports_in_one_batch_are_applied_in_order(user: User) -> None:
    batch = SaleBatch.load(user.id, "loja", {"ord1"})
    price = Decimal("10.00")
    created = batch.create(SaleFacts(external_id="ord1", total_price=price), None, None, event(0))
    batch.update(
        created.sale, SaleFacts(external_id="ord1", total_price=price, status=PAID), event(1)
    )
    batch.save()

    assert stored().status == PAID
    assert [row[1:3] for row in history()] == [("", "PENDING"), ("PENDING", "PAID")]
