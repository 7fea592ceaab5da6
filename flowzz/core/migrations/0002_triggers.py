"""Define how a user's data version is raised; the apps add triggers to their tables."""

from django.db import migrations

RAISE_DATA_VERSION = """
CREATE OR REPLACE FUNCTION raise_data_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO core_dataversion (user_id, version)
    SELECT DISTINCT user_id, 1 FROM changed ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET version = core_dataversion.version + 1;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [migrations.RunSQL(RAISE_DATA_VERSION, migrations.RunSQL.noop)]
