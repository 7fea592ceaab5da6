"""Every minute the figures of the days that have changed are counted anew."""

from django.db import migrations

NAME = "Números do painel"


def create(apps, schema_editor):
    Interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    Task = apps.get_model("django_celery_beat", "PeriodicTask")
    interval, _ = Interval.objects.get_or_create(every=60, period="seconds")
    Task.objects.create(
        name=NAME, task="sales.tasks.refresh_figures", interval=interval, expire_seconds=60
    )


def remove(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("sales", "0006_figures_by_day"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(create, remove)]
