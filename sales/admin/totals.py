"""The totals of a filtered list of sales, limited in rows and in time; charts of one seller."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.utils import timezone

from flowzz.accounts.models import User
from flowzz.backoffice.charts import Chart, Series, Slot, stacked_bar_chart
from flowzz.backoffice.display import list_url
from flowzz.core.formatting import format_count, format_number, format_reais
from sales.models import Sale
from sales.money import PaymentCode, unit_price
from sales.stats import list_totals
from sales.stats.dashboard_stats import Figures, dashboard_stats
from sales.stats.range_totals import DayRevenue

MAX_SALES = 100_000
CHART_DAYS, DAYS_PER_TICK = 30, 5
_IS_COUNTED = Q(is_associated=True, deleted_at=None)


@dataclass(frozen=True, slots=True)
class FormattedTotals:
    """Totals of at most `MAX_SALES` sales; money in BRL, without the `uncounted` ones."""

    count: int
    uncounted: int
    """Deleted and unassociated sales, which are in no figure."""
    revenue: str
    ticket: str

    @property
    def uncounted_text(self) -> str:
        if not self.uncounted:
            return ""
        text = format_count(self.uncounted, "não entra", "não entram")
        return f"{text} nos números: excluídas ou não associadas"


def formatted_totals(sales: "QuerySet[Sale]") -> FormattedTotals | None:
    """Return the totals, or None for too many sales, or if adding them up takes too long."""
    sums = list_totals.calculate_totals(sales, limit=MAX_SALES, counted=_IS_COUNTED)
    if sums is None:
        return None
    ticket = unit_price(sums.revenue, sums.paid_sales)  # as the seller's dashboard rounds it
    return FormattedTotals(
        sums.sales, sums.uncounted, format_reais(sums.revenue), format_reais(ticket)
    )


def seller_charts(email: str) -> list[Chart]:
    """Return the charts of the seller with this e-mail; none if nobody has it."""
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        return []
    today = timezone.localdate()
    stats = dashboard_stats(user.id, today - timedelta(days=CHART_DAYS - 1), today)
    return [
        _net_chart(user.email, stats.revenue_by_day),
        _funnel_chart(user.email, stats.current),
        _payment_chart(user.email, stats.current),
    ]


def _net_chart(email: str, days: Sequence[DayRevenue]) -> Chart:
    slots = [
        Slot(
            f"{day.day:%d/%m}",
            f"{day.day:%d/%m}" if index % DAYS_PER_TICK == 2 else "",
            list_url(Sale, usuario=email),
        )
        for index, day in enumerate(days)
    ]
    net = [day.net.value for day in days]
    rest = [max(Decimal(0), day.revenue - day.net.value) for day in days]
    return stacked_bar_chart(
        f"Receita e líquido em R$, {CHART_DAYS} dias",
        "Por dia, das vendas pagas, enviadas ou entregues; o líquido, onde se conhece.",
        slots,
        [
            Series("Líquido", "good", _heights(net), total=format_reais(_sum(net))),
            Series("Resto da receita", "faint", _heights(rest), total=format_reais(_sum(rest))),
        ],
        format_number=_format_whole,
    )


def _funnel_chart(email: str, figures: Figures) -> Chart:
    funnel = figures.cash_on_delivery
    url = list_url(Sale, usuario=email, payment_code__exact=PaymentCode.CASH_ON_DELIVERY)
    slots = [Slot(stage.label, stage.label, url) for stage in funnel.stages]
    sales = [count.sales for count in funnel.stages.values()]
    rate = funnel.success_rate
    share = "" if rate is None else f"{format_number(float(rate * 100))} %"
    hint = f" Das concluídas, {share} entregues." if share else ""
    return stacked_bar_chart(
        f"Pós-pagas, {CHART_DAYS} dias",
        f"Onde estão agora as vendas pós-pagas do período.{hint}",
        slots,
        [Series("Vendas", "info", sales, url, format_reais(funnel.total.value))],
        format_number=format_number,
    )


def _payment_chart(email: str, figures: Figures) -> Chart:
    labels = dict(PaymentCode.choices) | {"": "Sem meio"}
    rows = figures.by_payment_code
    slots = [
        Slot(
            labels[row.name],
            labels[row.name],
            list_url(Sale, usuario=email, payment_code__exact=row.name),
        )
        for row in rows
    ]
    paid = [row.paid.value for row in rows]
    rest = [row.count.value - row.paid.value for row in rows]
    return stacked_bar_chart(
        f"Por meio de pagamento em R$, {CHART_DAYS} dias",
        "Valor das vendas pagas, enviadas ou entregues, e das outras.",
        slots,
        [
            Series("Pagas", "good", _heights(paid), total=format_reais(_sum(paid))),
            Series("Outras", "warning", _heights(rest), total=format_reais(_sum(rest))),
        ],
        format_number=_format_whole,
    )


def _heights(amounts: Sequence[Decimal]) -> list[float]:
    return [float(amount) for amount in amounts]


def _sum(amounts: Sequence[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _format_whole(amount: float) -> str:
    """Format without "R$" and cents: the labels of an axis are narrow."""
    return format_number(round(amount))
