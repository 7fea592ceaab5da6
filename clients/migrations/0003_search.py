"""Staff find a client of any user by document, phone, e-mail, or parts of the name."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, TrigramExtension
from django.db import migrations, models
from django.db.models import Q

from clients.unaccent import Folded


class Migration(migrations.Migration):
    atomic = False  # indexes that are built beside what is being recorded

    dependencies = [("clients", "0002_erased_at")]

    operations = [
        TrigramExtension(),
        AddIndexConcurrently(
            model_name="client",
            index=models.Index(
                condition=Q(("cpf", ""), _negated=True),
                fields=["cpf"],
                name="client_search_document",
            ),
        ),
        AddIndexConcurrently(
            model_name="client",
            index=models.Index(
                condition=Q(("phone", ""), _negated=True),
                fields=["phone"],
                name="client_search_phone",
            ),
        ),
        AddIndexConcurrently(
            model_name="client",
            index=models.Index(
                condition=Q(("email__isnull", False)),
                fields=["email"],
                name="client_search_email",
            ),
        ),
        AddIndexConcurrently(
            model_name="client",
            index=GinIndex(OpClass(Folded("name"), "gin_trgm_ops"), name="client_search_name"),
        ),
    ]
