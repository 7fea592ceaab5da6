"""The admin's pages for accounts: importing them registers them."""

from flowzz.accounts.admin import audit_log, devices, users

__all__ = ["audit_log", "devices", "users"]
