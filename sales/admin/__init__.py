"""The admin of sales, subscriptions and exports: importing it registers the pages."""

from sales.admin import client_page, exports, history, sales

__all__ = ["client_page", "exports", "history", "sales"]
