"""Staff's groups may see imports, as they see syncs."""

from django.db import migrations

GROUPS = ['Suporte', 'Operações', 'Administração']


def grant(apps, schema_editor):
    ContentType = apps.get_model('contenttypes', 'ContentType')
    Permission = apps.get_model('auth', 'Permission')
    Group = apps.get_model('auth', 'Group')
    # Django creates permissions after all migrations: this one is needed now.
    type_, _ = ContentType.objects.get_or_create(app_label='integrations', model='salesimport')
    view, _ = Permission.objects.get_or_create(
        content_type=type_,
        codename='view_salesimport',
        defaults={'name': 'Can view importação'},
    )
    for group in Group.objects.filter(name__in=GROUPS):
        group.permissions.add(view)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_groups_of_staff'),
        ('integrations', '0016_sales_import'),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
