"""Figures of each day for the dashboard, and marks of the days whose figures are out of date."""

from django.db import migrations, models

FUNCTIONS = """
CREATE FUNCTION local_day(moment timestamptz) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (moment AT TIME ZONE 'America/Sao_Paulo')::date;

CREATE FUNCTION local_midnight(day date) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN day::timestamp AT TIME ZONE 'America/Sao_Paulo';

CREATE FUNCTION mark_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO sales_daymark (user_id, client_id, day)
        SELECT user_id, client_id, local_day(sale_date) FROM changed
        UNION SELECT user_id, client_id, local_day(sale_date) FROM former;
    ELSE
        INSERT INTO sales_daymark (user_id, client_id, day)
        SELECT DISTINCT user_id, client_id, local_day(sale_date) FROM changed;
    END IF;
    RETURN NULL;
END $$;
"""
NO_FUNCTIONS = """
DROP FUNCTION mark_days();
DROP FUNCTION local_midnight(date);
DROP FUNCTION local_day(timestamptz);
"""
ROWS = {"insert": "NEW TABLE AS changed", "delete": "OLD TABLE AS changed"}
ROWS["update"] = "NEW TABLE AS changed OLD TABLE AS former"
MARK_ALL = """
INSERT INTO sales_daymark (user_id, client_id, day)
SELECT DISTINCT user_id, client_id, local_day(sale_date) FROM sales_sale
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0005_count_changes")]

    operations = [
        migrations.CreateModel(
            name="DayMark",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("user_id", models.UUIDField()),
                ("client_id", models.UUIDField(null=True)),
                ("day", models.DateField()),
            ],
            options={
                "verbose_name": "dia a recalcular",
                "verbose_name_plural": "dias a recalcular",
                "indexes": [models.Index(fields=["user_id"], name="daymark_user")],
            },
        ),
        migrations.CreateModel(
            name="DayFigure",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "user_id",
                        "day",
                        "axis",
                        "name",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("user_id", models.UUIDField()),
                ("day", models.DateField()),
                (
                    "axis",
                    models.CharField(
                        choices=[
                            ("status", "Situação"),
                            ("shipping", "Entrega"),
                            ("product", "Produto"),
                            ("campaign", "Campanha"),
                            ("scheduled", "Pós-paga agendada"),
                        ],
                        max_length=9,
                    ),
                ),
                ("name", models.CharField(max_length=500)),
                ("sales", models.PositiveIntegerField()),
                ("quantity", models.PositiveBigIntegerField()),
                ("value", models.DecimalField(decimal_places=2, max_digits=18)),
            ],
            options={
                "verbose_name": "número do dia",
                "verbose_name_plural": "números dos dias",
            },
        ),
        migrations.CreateModel(
            name="DayClients",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("user_id", models.UUIDField()),
                ("day", models.DateField()),
                ("previous", models.DateField(null=True)),
                ("clients", models.PositiveIntegerField()),
            ],
            options={
                "verbose_name": "clientes do dia",
                "verbose_name_plural": "clientes dos dias",
                "indexes": [
                    models.Index(
                        fields=["user_id", "day", "previous"],
                        include=["clients"],
                        name="dayclients_user_day",
                    )
                ],
            },
        ),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER mark_{event} AFTER {event} ON sales_sale REFERENCING {rows} "
                "FOR EACH STATEMENT EXECUTE FUNCTION mark_days()",
                f"DROP TRIGGER mark_{event} ON sales_sale",
            )
            for event, rows in ROWS.items()
        ),
        migrations.RunSQL(MARK_ALL, migrations.RunSQL.noop),
    ]
