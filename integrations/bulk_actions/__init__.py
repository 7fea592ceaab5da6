"""Bulk actions on quarantined events, on the sales with a status word, or on a user's sales.

Entry points: `bulk_jobs` (request, execute and cancel an action) and `preview`; `earnings` follows
merged sales.
"""
