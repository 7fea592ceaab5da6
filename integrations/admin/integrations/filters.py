"""Levels of health, and the filters of the list of integrations by level and by mode."""

from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from flowzz.backoffice.lists.filter_fields import ChoiceFilter
from integrations import modes
from integrations.models import Integration, IntegrationMode
from integrations.monitoring.health import Health, assess_all

PERFECT_SCORE, FAIR_SCORE = 100, 60


class HealthLevel(models.TextChoices):
    GOOD = "boa", "Saudáveis"
    FAIR = "atencao", "Em atenção"
    BAD = "ruim", "Com problema"


LEVEL_TONES = {HealthLevel.GOOD: "good", HealthLevel.FAIR: "warning", HealthLevel.BAD: "bad"}


def level_of(health: Health) -> HealthLevel:
    if health.score == PERFECT_SCORE:
        return HealthLevel.GOOD
    return HealthLevel.FAIR if health.score >= FAIR_SCORE else HealthLevel.BAD


class HealthFilter(ChoiceFilter):
    """Disconnected integrations have no health and match no level."""

    title = "saúde"
    parameter_name = "saude"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(level.value, str(level.label)) for level in HealthLevel]

    def queryset(
        self, request: HttpRequest, queryset: "QuerySet[Integration]"
    ) -> "QuerySet[Integration]":
        if self.value() not in HealthLevel.values:
            return queryset
        ids = [
            integration_id
            for integration_id, health in assess_all()
            if level_of(health) == self.value()
        ]
        return queryset.filter(id__any_of=ids)


class ModeFilter(ChoiceFilter):
    """Filters by the mode in effect."""

    title = "modo"
    parameter_name = "modo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(mode.value, str(mode.label)) for mode in IntegrationMode]

    def queryset(
        self, request: HttpRequest, queryset: "QuerySet[Integration]"
    ) -> "QuerySet[Integration]":
        if self.value() == IntegrationMode.API:
            return queryset.filter(modes.in_api_mode())
        if self.value() == IntegrationMode.WEBHOOK:
            return queryset.exclude(modes.in_api_mode())
        return queryset
