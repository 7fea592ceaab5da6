"""Statistics of sales: `dashboard_stats` returns the figures of a range.

`daily_stats` counts days and months again when sales change, `range_totals` adds them up.
`list_totals`, `client_totals` and `filter_values` read what lists show beside their rows.
"""
