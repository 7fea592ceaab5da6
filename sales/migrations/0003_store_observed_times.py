"""Create the function that stores when sales were last reported, without a change of them."""

from django.db import migrations

# Its setting keeps the statement from counting as a change, as that of fingerprints.
FUNCTION = """
CREATE OR REPLACE FUNCTION store_observed_times(ids uuid[], times timestamptz[]) RETURNS void
    LANGUAGE sql SET flowzz.is_unchanged = 'on' AS $$
UPDATE sales_sale AS sale SET observed_at = report.observed_at
FROM unnest(ids, times) AS report (sale_id, observed_at)
WHERE sale.id = report.sale_id AND sale.id = ANY(ids);
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0002_triggers")]

    operations = [migrations.RunSQL(FUNCTION, migrations.RunSQL.noop)]
