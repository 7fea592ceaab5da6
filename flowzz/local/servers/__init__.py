"""PostgreSQL and Valkey from wheels, for runs on one machine with nothing else installed.

Standard library only: `manage.py` runs this before Django's settings are read. A detached daemon
owns each server and stops it when the last process that uses it has ended.
Entry points: `bootstrap.prepare` and `handles.ensure_servers`.
"""
