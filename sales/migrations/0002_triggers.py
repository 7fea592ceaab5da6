"""Create triggers: raise a user's data version and insert dirty days when their sales change."""

from django.db import migrations

VERSIONED_TABLES = ("sales_sale", "sales_subscription", "sales_affiliationrequest")
CHANGED_ROWS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}

FUNCTIONS = """
CREATE OR REPLACE FUNCTION local_day(datetime timestamptz) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (datetime AT TIME ZONE 'America/Sao_Paulo')::date;

CREATE OR REPLACE FUNCTION local_midnight(day date) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN day::timestamp AT TIME ZONE 'America/Sao_Paulo';

CREATE OR REPLACE FUNCTION mark_dirty_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO sales_dirtyday (user_id, client_id, day)
        SELECT user_id, client_id, local_day(sale_date) FROM changed
        UNION SELECT user_id, client_id, local_day(sale_date) FROM former;
    ELSE
        INSERT INTO sales_dirtyday (user_id, client_id, day)
        SELECT DISTINCT user_id, client_id, local_day(sale_date) FROM changed;
    END IF;
    RETURN NULL;
END $$;
"""
# The funnel counts by the client's state.
CLIENTS_FUNCTION = """
CREATE OR REPLACE FUNCTION mark_dirty_days_of_clients() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sales_dirtyday (user_id, client_id, day)
    SELECT DISTINCT sale.user_id, sale.client_id, local_day(sale.sale_date)
    FROM changed JOIN former USING (id) JOIN sales_sale AS sale ON sale.client_id = changed.id
    WHERE changed.state IS DISTINCT FROM former.state;
    RETURN NULL;
END $$;
"""
TRANSITION_TABLES = {
    "insert": "NEW TABLE AS changed",
    "update": "NEW TABLE AS changed OLD TABLE AS former",
    "delete": "OLD TABLE AS changed",
}


class Migration(migrations.Migration):
    dependencies = [("sales", "0001_initial"), ("core", "0002_triggers")]

    operations = [
        *(
            migrations.RunSQL(
                f"CREATE OR REPLACE TRIGGER raise_data_version_{event} AFTER {event} ON {table} "
                f"REFERENCING {rows} TABLE AS changed "
                "FOR EACH STATEMENT EXECUTE FUNCTION raise_data_version()",
                migrations.RunSQL.noop,
            )
            for table in VERSIONED_TABLES
            for event, rows in CHANGED_ROWS.items()
        ),
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
        *(
            migrations.RunSQL(
                f"CREATE OR REPLACE TRIGGER mark_dirty_days_{event} AFTER {event} ON sales_sale "
                f"REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION mark_dirty_days()",
                migrations.RunSQL.noop,
            )
            for event, tables in TRANSITION_TABLES.items()
        ),
        migrations.RunSQL(CLIENTS_FUNCTION, migrations.RunSQL.noop),
        migrations.RunSQL(
            "CREATE OR REPLACE TRIGGER mark_dirty_days_of_clients AFTER UPDATE ON clients_client "
            f"REFERENCING {TRANSITION_TABLES['update']} FOR EACH STATEMENT "
            "EXECUTE FUNCTION mark_dirty_days_of_clients()",
            migrations.RunSQL.noop,
        ),
    ]
