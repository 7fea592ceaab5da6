"""The admin's pages for accounts: importing them registers them."""

from flowzz.accounts.admin import actions, devices, people

__all__ = ["actions", "devices", "people"]
