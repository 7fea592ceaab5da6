"""The charts' sums are kept up every 15 s, and counted anew every night."""

from django.db import migrations

MEASURE = "Medição dos gráficos"
RECOUNT = "Recontagem dos gráficos"
CRONTAB = {"minute": "55", "hour": "3", "timezone": "America/Sao_Paulo"}


def create(apps, schema_editor):
    Interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    Crontab = apps.get_model("django_celery_beat", "CrontabSchedule")
    Task = apps.get_model("django_celery_beat", "PeriodicTask")
    interval, _ = Interval.objects.get_or_create(every=15, period="seconds")
    Task.objects.create(
        name=MEASURE, task="integrations.tasks.measure", interval=interval, expire_seconds=15
    )
    crontab, _ = Crontab.objects.get_or_create(**CRONTAB)
    Task.objects.create(name=RECOUNT, task="integrations.tasks.recount", crontab=crontab)


def remove(apps, schema_editor):
    Task = apps.get_model("django_celery_beat", "PeriodicTask")
    Task.objects.filter(name__in=[MEASURE, RECOUNT]).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0010_runs_by_end"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(create, remove)]
