"""A number that every change of a user's data raises, and the trigger that does it."""

from django.db import migrations, models

FUNCTION = """
CREATE FUNCTION note_data_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_dataversion (user_id, version)
    SELECT DISTINCT user_id, 1 FROM changed ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET version = accounts_dataversion.version + 1;
    RETURN NULL;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_revealing_personal_data")]

    operations = [
        migrations.CreateModel(
            name="DataVersion",
            fields=[
                ("user_id", models.UUIDField(primary_key=True, serialize=False)),
                ("version", models.BigIntegerField()),
            ],
            options={
                "verbose_name": "versão dos dados",
                "verbose_name_plural": "versões dos dados",
            },
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION note_data_change()"),
    ]
