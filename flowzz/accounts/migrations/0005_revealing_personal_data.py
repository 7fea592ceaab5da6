"""Who sees masked data may ask for one record's, saying why."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

CODENAME = 'reveal_personal_data'
GROUPS = ('Suporte', 'Operações', 'Administração')


def let_staff_reveal(apps, schema_editor):
    # Django creates permissions after all migrations: this one is needed now.
    config = apps.get_app_config('accounts')
    config.models_module = True
    create_permissions(config, verbosity=0, apps=apps, using=schema_editor.connection.alias)
    config.models_module = None
    permission = apps.get_model('auth', 'Permission').objects.get(
        content_type__app_label='accounts', codename=CODENAME
    )
    for group in apps.get_model('auth', 'Group').objects.filter(name__in=GROUPS):
        group.permissions.add(permission)


def forget_permission(apps, schema_editor):
    apps.get_model('auth', 'Permission').objects.filter(
        content_type__app_label='accounts', codename=CODENAME
    ).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_trail_of_staff'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='user',
            options={
                'permissions': [
                    ('replay_events', 'Pode reprocessar eventos'),
                    ('settle_events', 'Pode descartar e atribuir eventos'),
                    ('run_syncs', 'Pode iniciar e cancelar sincronizações'),
                    ('manage_connections', 'Pode desconectar integrações e trocar endereços e segredos'),
                    ('reveal_webhook_urls', 'Pode ver endereços de webhook'),
                    ('view_personal_data', 'Pode ver dados pessoais sem máscara'),
                    ('reveal_personal_data', 'Pode revelar os dados pessoais de um registro, com motivo'),
                    ('erase_people', 'Pode exportar e apagar os dados de uma pessoa'),
                    ('grant_staff_access', 'Pode dar acesso e grupos à equipe'),
                ],
                'verbose_name': 'usuário',
            },
        ),
        migrations.RunPython(let_staff_reveal, forget_permission),
    ]
