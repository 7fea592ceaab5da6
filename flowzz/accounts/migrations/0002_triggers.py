"""Make the audit log append-only."""

from django.db import migrations

# Our own code can not rewrite the audit log either. The owner of the table can TRUNCATE it.
APPEND_ONLY = """
CREATE OR REPLACE FUNCTION accounts_staffaction_is_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'accounts_staffaction is append-only' USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON accounts_staffaction
    FOR EACH ROW EXECUTE FUNCTION accounts_staffaction_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(APPEND_ONLY, migrations.RunSQL.noop),
    ]
