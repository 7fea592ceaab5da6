"""The seller's API: `/integrations/<provider>/…` and `/sales/import`.

Entry point: `urls`.
"""
