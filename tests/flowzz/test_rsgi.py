"""A web process is prepared before its first request."""

import gc
import sys
from collections.abc import Iterator

import pytest
from django.db import connections

from flowzz import rsgi
from flowzz.core import observability


@pytest.fixture
def _unfrozen() -> Iterator[None]:
    options = connections.settings["default"]["OPTIONS"].copy()
    yield
    gc.unfreeze()
    connections.settings["default"]["OPTIONS"] = options


@pytest.mark.usefixtures("_unfrozen")
def test_what_was_imported_is_never_collected() -> None:
    rsgi._prepare()
    assert "flowzz.urls" in sys.modules
    assert gc.get_freeze_count() > len(sys.modules)


@pytest.mark.usefixtures("_unfrozen")
def test_process_reports_as_web(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(observability, "start", started.append)
    rsgi._prepare()
    assert started == ["web"]
