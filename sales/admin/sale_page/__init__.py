"""What a sale's page shows above its fields: what to know first, its values, its timeline.

Entry points: `timeline.SaleExtension`, `timeline_sources.staff_actions`, `summary.summarize`.
"""
