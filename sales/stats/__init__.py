"""Statistics of sales: `dashboard_stats` adds up the totals that `daily_stats` stores by day."""
