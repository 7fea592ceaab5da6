"""The admin of users, groups, API keys, logins and the log: importing it registers the pages."""

from flowzz.accounts.admin import api_keys, audit_log, logins, user_actions, users
