"""How many webhooks were refused lately, and what can be done about it."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, QuerySet, Sum
from django.utils import timezone

from flowzz.core.formatting import format_count, format_number
from integrations.models import Integration, RefusalReason, WebhookRefusal

MANY_REFUSED = 5
"""Fewer in an hour are no alert: a single webhook can be sent by mistake."""
HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
_BECAUSE = {
    RefusalReason.SIGNATURE: "por assinatura ausente ou inválida",
    RefusalReason.EXPIRED_URL: "por usar um endereço anterior, fora do prazo",
    RefusalReason.TOO_LARGE: "por passar do tamanho máximo",
    RefusalReason.RATE: "por passar do limite por minuto",
}
_STAFF_ADVICE = {
    RefusalReason.SIGNATURE: "Confira com quem vende se o segredo de assinatura é o mesmo nos dois "
    "lados, ou defina outro na página da integração.",
    RefusalReason.EXPIRED_URL: "Peça a quem vende que coloque o endereço atual em cada postback da "
    "plataforma.",
    RefusalReason.TOO_LARGE: "Veja os tamanhos na lista dos recusados e avise a equipe técnica.",
    RefusalReason.RATE: "A plataforma costuma enviar de novo. Se continuar, aumente o limite em "
    "Configurações.",
}
_OURS = "Nossa equipe já cuida disso: você não precisa fazer nada."
_SELLER_ADVICE = {
    RefusalReason.SIGNATURE: "Confira se o segredo de assinatura na plataforma é o que nossa "
    "equipe passou a você.",
    RefusalReason.EXPIRED_URL: "Copie o endereço mostrado em Integrações e coloque-o em cada "
    "postback da plataforma: o anterior deixou de valer.",
    RefusalReason.TOO_LARGE: _OURS,
    RefusalReason.RATE: _OURS,
}


@dataclass(frozen=True, slots=True)
class RefusedTotal:
    """The webhooks that were refused for one reason. `last_at` is exact to the minute."""

    reason: RefusalReason
    count: int
    last_at: datetime

    @property
    def label(self) -> str:
        return str(self.reason.label)

    @property
    def because(self) -> str:
        return f"{format_number(self.count)} {_BECAUSE[self.reason]}"


def refused_webhooks(integration: Integration, within: timedelta) -> list[RefusedTotal]:
    """Return the totals by reason, the most frequent first; observed ones are among them."""
    return _by_integration(integration.webhook_refusals.all(), within).get(integration.id, [])


def many_refused_last_hour() -> dict[uuid.UUID, list[RefusedTotal]]:
    """Return the totals by integration, of those with many refused webhooks in the last hour."""
    refused = WebhookRefusal.objects.exclude(reason=RefusalReason.OBSERVED)
    totals = _by_integration(refused, HOUR)
    return {id_: found for id_, found in totals.items() if are_many(found)}


def are_many(totals: Iterable[RefusedTotal]) -> bool:
    return _count_refused(totals) >= MANY_REFUSED


def _count_refused(totals: Iterable[RefusedTotal]) -> int:
    return sum(total.count for total in refused_only(totals))


def refused_only(totals: Iterable[RefusedTotal]) -> list[RefusedTotal]:
    """Leave out those that were accepted, because the signature is only observed."""
    return [total for total in totals if total.reason != RefusalReason.OBSERVED]


def describe(totals: Iterable[RefusedTotal]) -> str:
    """Return `3 webhooks recusados: 2 por assinatura ausente ou inválida, 1 por …`."""
    refused = refused_only(totals)
    number = format_count(_count_refused(refused), "webhook recusado", "webhooks recusados")
    return f"{number}: {', '.join(total.because for total in refused)}"


def staff_advice(totals: Iterable[RefusedTotal]) -> str:
    return " ".join(_STAFF_ADVICE[total.reason] for total in refused_only(totals))


def seller_advice(totals: Iterable[RefusedTotal]) -> str:
    texts = dict.fromkeys(_SELLER_ADVICE[total.reason] for total in refused_only(totals))
    if len(texts) > 1:
        texts.pop(_OURS, None)
    return " ".join(texts)


def _by_integration(
    refusals: "QuerySet[WebhookRefusal]", within: timedelta
) -> dict[uuid.UUID, list[RefusedTotal]]:
    since = timezone.now() - within
    groups = refusals.filter(minute__gte=since).order_by().values_list("integration_id", "reason")
    totals: dict[uuid.UUID, list[RefusedTotal]] = {}
    for integration_id, reason, count, last in groups.annotate(
        total=Sum("count"), last=Max("minute")
    ).order_by("-total"):
        total = RefusedTotal(RefusalReason(reason), count, last)
        totals.setdefault(integration_id, []).append(total)
    return totals
