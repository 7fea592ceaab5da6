"""Bulk actions of staff on quarantined events, or on the sales with a status word.

Entry points: `bulk_jobs` (request, execute and cancel an action) and `preview`.
"""
