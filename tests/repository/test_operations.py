"""The runbook, the alert rules and the dashboard name metrics, tasks and alerts that exist."""

import json
import re

import pytest
from django_celery_beat.models import PeriodicTask

from flowzz.celery import HEARTBEAT_TASK, app
from flowzz.core.env import BASE_DIR
from flowzz.core.redis_metrics import Counter, Histogram
from flowzz.prometheus import COUNTERS, REGISTRY
from integrations.models import AlertKind
from tests.integrations.sellers import Seller

OPERATIONS = BASE_DIR / "docs/operations"
RULES = (OPERATIONS / "prometheus-rules.yml").read_text()
DASHBOARD = (OPERATIONS / "grafana-dashboard.json").read_text()
HEADINGS = set(re.findall(r"^### (\w+)$", (BASE_DIR / "docs/operations.md").read_text(), re.M))


@pytest.mark.django_db
def test_rules_and_dashboard_name_metrics_that_exist() -> None:
    Seller()
    families = {family.name for family in REGISTRY.collect()}
    exported = families - {metric.name for metric in COUNTERS}
    exported |= {f"{metric.name}_total" for metric in COUNTERS if isinstance(metric, Counter)}
    exported |= {f"{metric.name}_bucket" for metric in COUNTERS if isinstance(metric, Histogram)}

    panels = json.loads(DASHBOARD)["panels"]
    expressions = " ".join(target["expr"] for panel in panels for target in panel["targets"])
    named = set(re.findall(r"\bflowzz_\w+", expressions + RULES))

    assert named - exported == set()
    assert exported - named == set()


@pytest.mark.django_db
def test_schedule_names_tasks_that_exist() -> None:
    app.loader.import_default_modules()
    scheduled = set(PeriodicTask.objects.values_list("task", flat=True))
    assert HEARTBEAT_TASK in scheduled
    assert scheduled - set(app.tasks) == set()


def test_every_alert_of_ours_is_in_the_runbook() -> None:
    assert set(AlertKind.values) - HEADINGS == set()


def test_every_runbook_that_a_rule_names_exists() -> None:
    named = set(re.findall(r"runbook: docs/operations\.md#(\w+)", RULES))
    alerts = set(re.findall(r"alert: (\w+)", RULES))
    assert len(alerts) == RULES.count("runbook:")
    assert named - {heading.lower() for heading in HEADINGS} == set()
