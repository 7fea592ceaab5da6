"""Fails if an upgrade of django-unfold changes the private parts that we replace."""

from hashlib import sha256
from pathlib import Path
from unittest.mock import Mock

import pytest
import unfold
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from flowzz.backoffice import unfold_patches
from flowzz.local.servers.paths import PROJECT
from tests.factories import SaleFactory
from tests.staff import Staff

UNFOLD_TEMPLATES = Path(unfold.__file__).parent / "templates"
COPIED_TEMPLATES = {
    "admin/base_site.html": "50eb1e71a0b2729c",
    "admin/index.html": "9fdb849b7da18ccd",
    "admin/login.html": "13deb7765ce36659",
    "unfold/helpers/app_list_badge.html": "bc002ff5a001fd04",
    "unfold/helpers/boolean.html": "ccaf312fe7efd6b9",
    "unfold/helpers/change_list_filter_actions.html": "fea88b860b61008c",
    "unfold/helpers/empty_results.html": "5f4727a37a99da76",
    "unfold/helpers/header_back_button.html": "e75451379d5507e6",
    "unfold/helpers/header_title.html": "b126ed2ab9ca1680",
    "unfold/helpers/pagination_infinite.html": "a513e92f9a277a97",
    "unfold/helpers/userlinks.html": "b493fa5ca3595d28",
    "unfold/helpers/welcomemsg.html": "e8eab02522ba2319",
}
"""The start of the SHA-256 of django-unfold's templates that `templates/` replaces."""


def test_copied_templates_have_not_changed_in_unfold() -> None:
    """After an upgrade: apply the change to our copy, then update the hash above."""
    folder = PROJECT / "templates"
    names = [str(path.relative_to(folder)) for path in folder.rglob("*.html")]
    originals = {name: UNFOLD_TEMPLATES / name for name in names}
    hashes = {
        name: sha256(path.read_bytes()).hexdigest()[:16]
        for name, path in originals.items()
        if path.exists()
    }
    assert hashes == COPIED_TEMPLATES


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
