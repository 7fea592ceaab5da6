import pytest
from django.db.models import QuerySet

from flowzz.accounts.models import User
from flowzz.core.db.keyset import behind

ORDER = ("name", "email")


@pytest.fixture
def users(db: None) -> "QuerySet[User]":
    for name, email in (
        ("Bia", "b@flowzz.test"),
        ("Ana", "c@flowzz.test"),
        ("Ana", "a@flowzz.test"),
    ):
        User.objects.create(name=name, email=email)
    return User.objects.order_by(*ORDER)


@pytest.mark.parametrize("is_descending", [False, True])
def test_batches_of_one_row_are_all_rows_in_their_order(
    users: "QuerySet[User]", *, is_descending: bool
) -> None:
    rows = users.reverse() if is_descending else users
    read, found = [], rows.first()
    while found:
        read.append(found)
        place = (found.name, found.email)
        found = rows.filter(behind(ORDER, place, is_descending=is_descending)).first()
    assert read == list(rows)
    assert len(read) == 3
