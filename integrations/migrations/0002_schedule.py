"""The schedule: rows that staff can edit, so it isn't read from the settings."""

from django.db import migrations

TASKS = {
    "Varredura da fila": ("integrations.tasks.sweep", "every 15 s"),
    "Sincronização de hora em hora": ("integrations.tasks.schedule_syncs", "0 * * * *"),
    "Lembrete de chaves antigas": ("integrations.tasks.remind_of_old_keys", "0 9 * * *"),
}


def create(apps, schema_editor):
    Interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    Crontab = apps.get_model("django_celery_beat", "CrontabSchedule")
    Task = apps.get_model("django_celery_beat", "PeriodicTask")
    for name, (task, when) in TASKS.items():
        if when == "every 15 s":
            interval, _ = Interval.objects.get_or_create(every=15, period="seconds")
            # A sweep that waited longer than the next one takes to come is of no use.
            Task.objects.create(name=name, task=task, interval=interval, expire_seconds=15)
        else:
            minute, hour, *_ = when.split()
            crontab, _ = Crontab.objects.get_or_create(
                minute=minute, hour=hour, timezone="America/Sao_Paulo"
            )
            Task.objects.create(name=name, task=task, crontab=crontab)


def remove(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name__in=TASKS).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(create, remove)]
