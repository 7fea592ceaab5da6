"""Sales and what belongs to them, for staff."""

from sales.admin import clients, history, sale

__all__ = ["clients", "history", "sale"]
