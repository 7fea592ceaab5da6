"""Fails if an upgrade of django-unfold changes the private parts that the patches replace."""

from unittest.mock import Mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from flowzz.backoffice import unfold_patches
from tests.factories import SaleFactory
from tests.staff import Staff


def test_headers_are_computed_once_per_list(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    SaleFactory.create_batch(3)
    result_headers = Mock(wraps=unfold_patches.result_headers)
    monkeypatch.setattr(unfold_patches, "result_headers", result_headers)
    staff.get(reverse("admin:sales_sale_changelist"))
    assert result_headers.call_count == 1


def test_read_only_value_is_computed_once_per_page(staff: Staff) -> None:
    client_id = SaleFactory.create().client_id
    with CaptureQueriesContext(connection) as queries:
        staff.get(reverse("admin:clients_client_change", args=[client_id]))
    aliases = [query for query in queries if '"merged_into_id" = ' in query["sql"]]
    assert len(aliases) == 1
