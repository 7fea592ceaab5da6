"""Staff's filters for what seldom happens no longer read the whole table.

A run's findings are read by kind; quarantined events of a reason, by `event_cause`.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

SELDOM = ["unchanged", "duplicate", "stale", "disconnected", "discarded"]


class Migration(migrations.Migration):
    atomic = False  # indexes that are built beside the intake

    dependencies = [("integrations", "0019_findings_by_number")]

    operations = [
        AddIndexConcurrently(
            model_name="webhookevent",
            index=models.Index(
                fields=["outcome", "id"],
                condition=models.Q(outcome__in=SELDOM),
                name="event_seldom_outcome",
            ),
        ),
        AddIndexConcurrently(
            model_name="webhookevent",
            index=models.Index(
                fields=["kind", "id"],
                condition=models.Q(kind__in=["subscription", "affiliation"]),
                name="event_seldom_kind",
            ),
        ),
        RemoveIndexConcurrently(model_name="webhookevent", name="event_quarantined"),
        AddIndexConcurrently(
            model_name="syncrun",
            index=models.Index(
                fields=["state", "id"],
                condition=models.Q(state__in=["FAILED", "CANCELLED"]),
                name="run_without_success",
            ),
        ),
        AddIndexConcurrently(
            model_name="syncrun",
            index=models.Index(
                fields=["trigger", "id"],
                condition=~models.Q(trigger="schedule"),
                name="run_asked_for",
            ),
        ),
        AddIndexConcurrently(
            model_name="syncrun",
            index=models.Index(
                fields=["id"], condition=models.Q(is_full=True), name="run_full"
            ),
        ),
        AddIndexConcurrently(
            model_name="syncfinding",
            index=models.Index(fields=["run", "kind", "id"], name="finding_of_run"),
        ),
        migrations.AlterField(
            model_name="syncfinding",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="findings",
                to="integrations.syncrun",
                verbose_name="sincronização",
            ),
        ),
    ]
