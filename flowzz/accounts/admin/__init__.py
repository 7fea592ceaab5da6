"""The admin of users, groups and the audit log: importing it registers the pages."""

from flowzz.accounts.admin import audit_log, users

__all__ = ["audit_log", "users"]
