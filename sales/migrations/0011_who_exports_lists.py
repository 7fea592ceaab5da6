"""Every group of staff may export: masked for those who may not see personal data."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUPS = ('Suporte', 'Operações', 'Administração')


def let_groups_export(apps, schema_editor):
    # Django creates permissions after all migrations: these are needed now.
    config = apps.get_app_config('sales')
    config.models_module = True
    create_permissions(config, verbosity=0, apps=apps, using=schema_editor.connection.alias)
    config.models_module = None
    permissions = apps.get_model('auth', 'Permission').objects.filter(
        content_type__app_label='sales', codename__in=('view_export', 'make_export')
    )
    for group in apps.get_model('auth', 'Group').objects.filter(name__in=GROUPS):
        group.permissions.add(*permissions)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_groups_of_staff'),
        ('sales', '0010_exports_of_lists'),
    ]

    operations = [migrations.RunPython(let_groups_export, migrations.RunPython.noop)]
