"""`manage.py up`: start, supervise and stop all of Flowzz on one machine.

Entry point: `up.main`. `servers` starts PostgreSQL and Redis for it, for other commands and for
the tests.
"""
