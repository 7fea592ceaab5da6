"""Sales and what belongs to them, for staff."""

from sales.admin import clients, exports, history, sale

__all__ = ["clients", "exports", "history", "sale"]
