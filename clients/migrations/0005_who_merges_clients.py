"""Who manages connections may merge and split clients, too."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUPS = ('Operações', 'Administração')


def let_groups_merge(apps, schema_editor):
    # Django creates permissions after all migrations: this one is needed now.
    config = apps.get_app_config('clients')
    config.models_module = True
    create_permissions(config, verbosity=0, apps=apps, using=schema_editor.connection.alias)
    config.models_module = None
    permission = apps.get_model('auth', 'Permission').objects.get(
        content_type__app_label='clients', codename='merge_client'
    )
    for group in apps.get_model('auth', 'Group').objects.filter(name__in=GROUPS):
        group.permissions.add(permission)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_groups_of_staff'),
        ('clients', '0004_merged_clients'),
    ]

    operations = [migrations.RunPython(let_groups_merge, migrations.RunPython.noop)]
