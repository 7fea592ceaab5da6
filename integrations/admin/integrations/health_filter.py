"""The list of integrations by their health."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from integrations.models import Integration
from integrations.monitoring import health_facts
from integrations.monitoring.health import Health

WHOLE, FAIR = 100, 60


class Level(models.TextChoices):
    GOOD = "boa", "Saudáveis"
    FAIR = "atencao", "Em atenção"
    BAD = "ruim", "Com problema"


TONES = {Level.GOOD: "good", Level.FAIR: "warning", Level.BAD: "bad"}


def level_of(health: Health) -> Level:
    if health.score == WHOLE:
        return Level.GOOD
    return Level.FAIR if health.score >= FAIR else Level.BAD


class HealthFilter(admin.SimpleListFilter):
    """Of those that are not disconnected."""

    title = "saúde"
    parameter_name = "saude"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(level.value, str(level.label)) for level in Level]

    def queryset(
        self, request: HttpRequest, queryset: "QuerySet[Integration]"
    ) -> "QuerySet[Integration]":
        if self.value() not in Level.values:
            return queryset
        judged = health_facts.health_of_all()
        ids = [one for one, health in judged if level_of(health) == self.value()]
        return queryset.filter(id__any_of=ids)
