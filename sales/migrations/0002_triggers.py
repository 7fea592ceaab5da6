"""Create triggers: raise a user's data version and insert dirty days when their sales change.

They also clear the fingerprint of a sale's last report when anything but that report writes the
sale, or changes its client: the same report could then change something.
"""

from django.db import migrations

VERSIONED_TABLES = ("sales_sale", "sales_subscription", "sales_affiliationrequest")
CHANGED_ROWS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}

# A dirty day names a client whose days with sales changed; no client's did if only values changed.
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
        WITH sale AS (
            SELECT changed.user_id, changed.client_id, local_day(changed.sale_date) AS day,
                former.client_id AS former_client_id, local_day(former.sale_date) AS former_day,
                (changed.client_id, changed.deleted_at IS NULL, changed.is_associated)
                    IS DISTINCT FROM
                    (former.client_id, former.deleted_at IS NULL, former.is_associated)
                AS is_moved
            FROM changed JOIN former USING (id)
        )
        SELECT user_id, CASE WHEN is_moved OR day <> former_day THEN client_id END, day FROM sale
        UNION
        SELECT user_id, former_client_id, former_day FROM sale
        WHERE is_moved OR day <> former_day;
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
    INSERT INTO sales_dirtyday (user_id, day)
    SELECT DISTINCT sale.user_id, local_day(sale.sale_date)
    FROM changed JOIN former USING (id) JOIN sales_sale AS sale ON sale.client_id = changed.id
    WHERE changed.state IS DISTINCT FROM former.state;
    RETURN NULL;
END $$;
"""
# Its setting keeps the writing of fingerprints alone from counting as a change of sales.
FINGERPRINT_FUNCTIONS = """
CREATE OR REPLACE FUNCTION store_report_fingerprints(ids uuid[], fingerprints uuid[]) RETURNS void
    LANGUAGE sql SET flowzz.is_unchanged = 'on' AS $$
UPDATE sales_sale AS sale SET report_fingerprint = report.fingerprint
FROM unnest(ids, fingerprints) AS report (sale_id, fingerprint)
WHERE sale.id = report.sale_id AND sale.id = ANY(ids);
$$;

CREATE OR REPLACE FUNCTION clear_report_fingerprint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.report_fingerprint := NULL;
    RETURN NEW;
END $$;
"""
FILLABLE = (
    *("name", "email", "phone", "phone_raw", "cpf"),
    *("address", "address_number", "district", "complement", "city", "state", "cep", "country"),
)
# A report that found an empty field has filled it: a client that another report fills stays as
# it is for the first one.
IS_ONLY_FILLED = " AND ".join(
    (
        *(f"coalesce(former.{name}, '') IN ('', changed.{name})" for name in FILLABLE),
        "former.document_identifies <= changed.document_identifies",
        "former.merged_into_id IS NOT DISTINCT FROM changed.merged_into_id",
        "former.erased_at IS NOT DISTINCT FROM changed.erased_at",
    )
)
CLIENTS_FINGERPRINT_FUNCTION = f"""
CREATE OR REPLACE FUNCTION clear_report_fingerprints_of_clients() RETURNS trigger
    LANGUAGE plpgsql SET flowzz.is_unchanged = 'on' AS $$
DECLARE clients uuid[];
BEGIN
    SELECT array_agg(id) INTO clients FROM (
        SELECT unnest(ARRAY[changed.id, changed.merged_into_id, former.merged_into_id]) AS id
        FROM changed JOIN former USING (id) WHERE ({IS_ONLY_FILLED}) IS NOT TRUE) AS concerned;
    UPDATE sales_sale SET report_fingerprint = NULL
    WHERE client_id = ANY(clients) AND report_fingerprint IS NOT NULL;
    RETURN NULL;
END $$;
"""
IS_CHANGE = "current_setting('flowzz.is_unchanged', true) IS DISTINCT FROM 'on'"
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
                f"REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT "
                f"WHEN ({IS_CHANGE}) EXECUTE FUNCTION raise_data_version()",
                migrations.RunSQL.noop,
            )
            for table in VERSIONED_TABLES
            for event, rows in CHANGED_ROWS.items()
        ),
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
        *(
            migrations.RunSQL(
                f"CREATE OR REPLACE TRIGGER mark_dirty_days_{event} AFTER {event} ON sales_sale "
                f"REFERENCING {tables} FOR EACH STATEMENT "
                f"WHEN ({IS_CHANGE}) EXECUTE FUNCTION mark_dirty_days()",
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
        migrations.RunSQL(
            FINGERPRINT_FUNCTIONS + CLIENTS_FINGERPRINT_FUNCTION, migrations.RunSQL.noop
        ),
        migrations.RunSQL(
            "CREATE OR REPLACE TRIGGER clear_report_fingerprint BEFORE UPDATE ON sales_sale "
            "FOR EACH ROW WHEN (NEW.report_fingerprint = OLD.report_fingerprint) "
            "EXECUTE FUNCTION clear_report_fingerprint()",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "CREATE OR REPLACE TRIGGER clear_report_fingerprints_of_clients "
            f"AFTER UPDATE ON clients_client REFERENCING {TRANSITION_TABLES['update']} "
            "FOR EACH STATEMENT EXECUTE FUNCTION clear_report_fingerprints_of_clients()",
            migrations.RunSQL.noop,
        ),
    ]
