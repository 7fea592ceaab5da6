"""The admin's pages for accounts: importing them registers them."""

from flowzz.accounts.admin import actions, people

__all__ = ["actions", "people"]
