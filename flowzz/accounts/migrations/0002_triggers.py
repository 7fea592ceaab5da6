"""Make the audit log append-only, and define how a user's data version is raised."""

from django.db import migrations

# Not even our own code can rewrite the audit log. TRUNCATE stays possible for the table's owner.
APPEND_ONLY = """
CREATE OR REPLACE FUNCTION accounts_staffaction_is_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'accounts_staffaction is append-only' USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON accounts_staffaction
    FOR EACH ROW EXECUTE FUNCTION accounts_staffaction_is_append_only();
"""
RAISE_DATA_VERSION = """
CREATE OR REPLACE FUNCTION raise_data_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_dataversion (user_id, version)
    SELECT DISTINCT user_id, 1 FROM changed ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET version = accounts_dataversion.version + 1;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(APPEND_ONLY, migrations.RunSQL.noop),
        migrations.RunSQL(RAISE_DATA_VERSION, migrations.RunSQL.noop),
    ]
