"""Every group of staff sees what was done to many rows at once."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUPS = ('Suporte', 'Operações', 'Administração')


def let_groups_see(apps, schema_editor):
    # Django creates permissions after all migrations: this one is needed now.
    config = apps.get_app_config('integrations')
    config.models_module = True
    create_permissions(config, verbosity=0, apps=apps, using=schema_editor.connection.alias)
    config.models_module = None
    permission = apps.get_model('auth', 'Permission').objects.get(
        content_type__app_label='integrations', codename='view_bulkaction'
    )
    for group in apps.get_model('auth', 'Group').objects.filter(name__in=GROUPS):
        group.permissions.add(permission)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_groups_of_staff'),
        ('integrations', '0014_causes_of_quarantined'),
    ]

    operations = [migrations.RunPython(let_groups_see, migrations.RunPython.noop)]
