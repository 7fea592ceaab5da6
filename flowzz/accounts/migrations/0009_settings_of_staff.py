import django.db.models.deletion
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models


def let_administration_change(apps, schema_editor):
    # Django creates permissions after all migrations: this one is needed now.
    config = apps.get_app_config('accounts')
    config.models_module = True
    create_permissions(config, verbosity=0, apps=apps, using=schema_editor.connection.alias)
    config.models_module = None
    permission = apps.get_model('auth', 'Permission').objects.get(
        content_type__app_label='accounts', codename='change_setting'
    )
    for group in apps.get_model('auth', 'Group').objects.filter(name='Administração'):
        group.permissions.add(permission)


class Migration(migrations.Migration):

    dependencies = [('accounts', '0008_schedule_session_purge')]

    operations = [
        migrations.CreateModel(
            name='Setting',
            fields=[
                ('name', models.CharField(max_length=50, primary_key=True, serialize=False, verbose_name='nome')),
                ('value', models.TextField(blank=True, verbose_name='valor')),
                ('changed_at', models.DateTimeField(auto_now=True, verbose_name='mudada em')),
                (
                    'changed_by',
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name='+',
                        to=settings.AUTH_USER_MODEL,
                        verbose_name='mudada por',
                    ),
                ),
            ],
            options={
                'verbose_name': 'configuração',
                'verbose_name_plural': 'configurações',
                'default_permissions': ('change',),
            },
        ),
        migrations.RunPython(let_administration_change, migrations.RunPython.noop),
    ]
