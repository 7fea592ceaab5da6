"""PostgreSQL and Valkey from wheels, for a run on one machine with nothing installed.

Standard library only, and free of Django: `manage.py` passes here before settings are read.
A *keeper* owns each server and stops it when the last process that uses it is gone.
"""
