"""An empty Redis for each test, and tasks that need no worker."""

from typing import Any

import pytest

from flowzz.accounts import tasks
from tests.integrations.conftest import _empty_redis

__all__ = ["_empty_redis"]


@pytest.fixture
def _tasks_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run what is enqueued: a worker would."""

    def run(name: str, arguments: list[str], **options: Any) -> None:
        getattr(tasks, name.rpartition(".")[2])(*arguments)

    monkeypatch.setattr("flowzz.core.db.jobs.current_app.send_task", run)
