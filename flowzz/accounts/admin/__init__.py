"""The admin of users, groups and the audit log: importing it registers the pages."""

from flowzz.accounts.admin import api_keys, audit_log, logins, user_actions, users
