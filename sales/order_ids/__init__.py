"""The two ids of an order, its number and its hash: a source may report either first.

`reading` reads sales by both, `index` holds them, `matching` finds the sale of a report, `merges`
makes one sale of two, and `typed` reads a number as a person types it.
"""
