"""Quarantined events grouped by cause.

`views` list the causes, preview what a replay would change, and act on all events of a cause.
"""
