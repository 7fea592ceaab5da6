"""What staff filter sales by, over all users: period, product, campaign."""

import django.db.models.fields.json
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # indexes that are built beside what is being recorded

    dependencies = [
        ('clients', '0006_one_index_of_phones'),
        ('sales', '0007_schedule_figures'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='sale',
            index=models.Index(fields=['sale_date', 'id'], name='sale_date'),
        ),
        AddIndexConcurrently(
            model_name='sale',
            index=models.Index(fields=['product_name', 'sale_date'], name='sale_product'),
        ),
        AddIndexConcurrently(
            model_name='sale',
            index=models.Index(django.db.models.fields.json.KeyTextTransform('campaign', django.db.models.fields.json.KeyTextTransform('utms', 'metadata')), models.F('sale_date'), condition=models.Q(('metadata__has_key', 'utms')), name='sale_campaign'),
        ),
    ]
