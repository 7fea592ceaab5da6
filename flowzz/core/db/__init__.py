"""The database: our backend, migrations, bulk writes, partitions, locks, background jobs.

Each module is an entry point of its own; `operations` is for migrations.
"""
