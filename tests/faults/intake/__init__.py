"""Faults of PostgreSQL, of clients and of the web process, as the intake sees them."""
