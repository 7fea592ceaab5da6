"""Full syncs by the clock, beside dlt: the same pages over HTTP, each contender in its process.

Entry point: `comparison.measure`.
"""
