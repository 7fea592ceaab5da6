"""Raise a user's data version when their clients change."""

from django.db import migrations

CHANGED_ROWS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}


class Migration(migrations.Migration):
    dependencies = [("clients", "0001_initial"), ("core", "0002_triggers")]

    operations = [
        migrations.RunSQL(
            f"CREATE OR REPLACE TRIGGER raise_data_version_{event} AFTER {event} ON clients_client "
            f"REFERENCING {rows} TABLE AS changed "
            "FOR EACH STATEMENT EXECUTE FUNCTION raise_data_version()",
            migrations.RunSQL.noop,
        )
        for event, rows in CHANGED_ROWS.items()
    ]
