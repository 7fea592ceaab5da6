"""The dashboard's response, as `MetricsSerializer` describes it.

Serializers took longer than the database: a response has a thousand values.
"""

from decimal import Decimal
from typing import Any

from sales.models.daily_stats import Dimension
from sales.stats.dashboard_stats import DashboardStats, Figures
from sales.stats.funnel import Count, Funnel
from sales.stats.range_totals import Breakdown

_FUNNELS = {
    "byProduct": Dimension.PRODUCT,
    "byState": Dimension.STATE,
    "byCampaign": Dimension.CAMPAIGN,
}


def render(stats: DashboardStats) -> dict[str, Any]:
    return _figures(stats.current) | {
        "previous": _figures(stats.previous),
        "cashOnDeliveryBy": {
            name: [
                {"name": row.name, "funnel": _funnel(row.funnel)}
                for row in stats.cash_on_delivery_by[dimension]
            ]
            for name, dimension in _FUNNELS.items()
        },
        "topProducts": [
            {"productName": row.name, "quantity": row.quantity, **_revenue(row)}
            for row in stats.top_products
        ],
        "topCampaigns": [{"campaign": row.name, **_revenue(row)} for row in stats.top_campaigns],
        "revenueByDay": [
            {"day": str(day), "sales": sales, "revenue": str(revenue), "net": str(net.value)}
            for day, sales, revenue, net in stats.revenue_by_day
        ],
    }


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "dateFrom": str(figures.first),
        "dateTo": str(figures.last),
        "revenue": str(figures.revenue),
        "sales": figures.sales,
        "paidSales": figures.paid_sales,
        "averageTicket": str(figures.average_ticket),
        "approvalRate": _rate(figures.approval_rate),
        "net": _count(figures.net),
        "fees": _count(figures.fees),
        "ownCommission": _count(figures.own_commission),
        "byStatus": [{"status": row.name, **_count(row.count)} for row in figures.by_status],
        "byShippingStatus": [
            {"shippingStatus": row.name, **_count(row.count)} for row in figures.by_shipping_status
        ],
        "byPaymentCode": [
            {
                "paymentCode": row.name,
                **_count(row.count),
                "paidSales": row.paid.sales,
                "revenue": str(row.paid.value),
                "approvalRate": _rate(row.approval_rate),
            }
            for row in figures.by_payment_code
        ],
        "refunds": _count(figures.refunds),
        "cashOnDeliveryScheduled": _count(figures.cash_on_delivery.waiting),
        "cashOnDelivery": _funnel(figures.cash_on_delivery),
        "clients": {"new": figures.new_clients, "returning": figures.returning_clients},
    }


def _funnel(funnel: Funnel) -> dict[str, Any]:
    return {
        **_count(funnel.total),
        "stages": [
            {"stage": stage.name, **_count(count)} for stage, count in funnel.stages.items()
        ],
        "successRate": _rate(funnel.success_rate),
        "deliveries": funnel.deliveries,
        "averageDays": _rate(funnel.average_days),
    }


def _count(count: Count) -> dict[str, Any]:
    return {"sales": count.sales, "value": str(count.value)}


def _revenue(row: Breakdown) -> dict[str, Any]:
    return {"sales": row.sales, "revenue": str(row.value)}


def _rate(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
