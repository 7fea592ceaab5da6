"""The two ids of an order, number and hash: `reading` of sales by both and an `index` of them,
`matching` of reports to sales, `merges` of two sales that are one order, and `typed` numbers.
"""
