"""A phone is rarely two users': the index over all of them serves one user's as well."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("clients", "0005_who_merges_clients")]

    operations = [RemoveIndexConcurrently(model_name="client", name="client_phone")]
