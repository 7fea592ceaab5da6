import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from flowzz.accounts.models import StaffAction, User
from flowzz.backoffice import audit_log
from tests.factories import ClientFactory, SaleFactory, UserFactory


@pytest.fixture
def entry(db: None) -> StaffAction:
    return audit_log.record(UserFactory.create(), "Reprocessou eventos", None)


@pytest.mark.django_db
def test_entry_has_actor_action_reason_and_target_without_personal_data() -> None:
    user: User = UserFactory.create()
    client = ClientFactory.create(name="Zoraide Quintanilha")
    audit_log.record(user, "Revelou", client, reason="Atendimento 4512")
    entry = StaffAction.objects.get()
    assert (entry.actor, entry.action, entry.reason) == (user, "Revelou", "Atendimento 4512")
    assert (entry.target_label, entry.target_id) == (f"cliente {client.id}", str(client.id))


@pytest.mark.django_db
def test_target_without_personal_data_is_named() -> None:
    assert audit_log.target_label(SaleFactory.create(external_id="ordabc")) == "venda ordabc"


def test_entry_can_not_be_changed_or_deleted(entry: StaffAction) -> None:
    entries = StaffAction.objects.all()
    for attempt in (
        entry.save,
        entry.delete,
        entries.delete,
        lambda: entries.update(action="Nada"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            attempt()
    assert StaffAction.objects.get().action == "Reprocessou eventos"


@pytest.mark.parametrize("text", ["pedido de ana@exemplo.com.br", "(62) 95454-4554", "52998224725"])
def test_reason_with_personal_data_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        audit_log.validate_reason(text)


def test_reason_may_contain_numbers_and_dates() -> None:
    reason = "Atendimento 4512 de 24/11/2026"
    assert audit_log.validate_reason(f" {reason} ") == reason
