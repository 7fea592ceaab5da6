"""The database: our backend, migrations, bulk writes, partitions, locks, background jobs.

Each module is an entry point of its own: `bulk_upsert`, `jobs`, `locks`, `partitions`, `db_time`,
and for migrations `operations`.
"""
