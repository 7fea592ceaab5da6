"""Changes of clients raise the version of their user's data."""

from django.db import migrations

EVENTS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}


class Migration(migrations.Migration):
    dependencies = [("clients", "0006_one_index_of_phones"), ("accounts", "0006_dataversion")]

    operations = [
        migrations.RunSQL(
            f"CREATE TRIGGER count_{event} AFTER {event} ON clients_client "
            f"REFERENCING {rows} TABLE AS changed "
            "FOR EACH STATEMENT EXECUTE FUNCTION note_data_change()",
            f"DROP TRIGGER count_{event} ON clients_client",
        )
        for event, rows in EVENTS.items()
    ]
