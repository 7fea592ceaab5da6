"""One export is made at a time: webhooks need the other workers."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('sales', '0012_schedule_exports')]

    operations = [
        migrations.AddConstraint(
            model_name='export',
            constraint=models.UniqueConstraint(
                condition=models.Q(('state', 'RUNNING')),
                fields=('state',),
                name='export_one_at_a_time',
            ),
        ),
    ]
