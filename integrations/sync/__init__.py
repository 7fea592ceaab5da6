"""Syncs: sales fetched from a provider's API, page by page.

Entry points: `runs` (request, execute and cancel a run), `schedule` (hourly runs), `retention` and
`breaker`.
"""
