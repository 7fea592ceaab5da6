"""Changes of sales, subscriptions and requests raise the version of their user's data."""

from django.db import migrations

TABLES = ("sales_sale", "sales_subscription", "sales_affiliationrequest")
EVENTS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}


class Migration(migrations.Migration):
    dependencies = [("sales", "0004_search_by_number"), ("accounts", "0006_dataversion")]

    operations = [
        migrations.RunSQL(
            f"CREATE TRIGGER count_{event} AFTER {event} ON {table} "
            f"REFERENCING {rows} TABLE AS changed "
            "FOR EACH STATEMENT EXECUTE FUNCTION note_data_change()",
            f"DROP TRIGGER count_{event} ON {table}",
        )
        for table in TABLES
        for event, rows in EVENTS.items()
    ]
