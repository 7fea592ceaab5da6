"""The groups that staff belong to. A model that joins the admin adds its own permissions later."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

DATA = {
    'accounts': ['user'],
    'clients': ['client'],
    'sales': [
        'sale',
        'salestatuschange',
        'subscription',
        'subscriptioncycle',
        'affiliationrequest',
    ],
    'integrations': [
        'integration',
        'webhooktoken',
        'webhookevent',
        'syncrun',
        'syncfinding',
        'unknownstatus',
        'alert',
    ],
}
SCHEDULE = {
    'django_celery_beat': [
        'periodictask',
        'clockedschedule',
        'crontabschedule',
        'intervalschedule',
        'solarschedule',
    ],
}
GROUPS = {'auth': ['group']}


def of(models, *verbs):
    return {
        (app, f'{verb}_{model}') for app, names in models.items() for model in names for verb in verbs
    }


def actions(*codenames):
    return {('accounts', codename) for codename in codenames}


SUPPORT = of(DATA, 'view') | actions('replay_events')
OPERATIONS = (
    SUPPORT
    | of(SCHEDULE, 'view')
    | of({'integrations': ['unknownstatus']}, 'change')
    | actions(
        'settle_events',
        'run_syncs',
        'manage_connections',
        'reveal_webhook_urls',
        'view_personal_data',
    )
)
ADMINISTRATION = (
    OPERATIONS
    | of(DATA | SCHEDULE | GROUPS, 'view', 'add', 'change', 'delete')
    | actions('erase_people', 'grant_staff_access')
)
ROLES = {'Suporte': SUPPORT, 'Operações': OPERATIONS, 'Administração': ADMINISTRATION}


def create_groups(apps, schema_editor):
    # Django creates permissions after all migrations: these are needed now.
    for config in apps.get_app_configs():
        config.models_module = True
        create_permissions(config, verbosity=0, apps=apps, using=schema_editor.connection.alias)
        config.models_module = None
    Group = apps.get_model('auth', 'Group')
    Permission = apps.get_model('auth', 'Permission')
    ids = {
        (app, codename): id_
        for id_, app, codename in Permission.objects.values_list(
            'id', 'content_type__app_label', 'codename'
        )
    }
    for name, permissions in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*(ids[permission] for permission in permissions))


def remove_groups(apps, schema_editor):
    apps.get_model('auth', 'Group').objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_permissions_of_staff'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('clients', '0001_initial'),
        ('contenttypes', '0002_remove_content_type_name'),
        ('django_celery_beat', '0019_alter_periodictasks_options'),
        ('integrations', '0001_initial'),
        ('sales', '0001_initial'),
    ]

    operations = [migrations.RunPython(create_groups, remove_groups)]
