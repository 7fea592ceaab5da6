"""Many rows are deleted in short transactions."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from flowzz.core.db.batched_deletes import delete_in_batches

pytestmark = pytest.mark.django_db


def test_rows_are_deleted_oldest_first_in_batches() -> None:
    Group.objects.all().delete()
    Group.objects.bulk_create(Group(name=f"grupo {number}") for number in range(5))
    newest = Group.objects.latest("id")

    with CaptureQueriesContext(connection) as queries:
        assert delete_in_batches(Group.objects.exclude(id=newest.id), size=3) == 4

    assert list(Group.objects.all()) == [newest]
    assert sum('FROM "auth_group" WHERE' in q["sql"][:40] for q in queries) == 2
