"""The two ids of an order, number and hash: an `index` of sales by both, `matching` of reports to
sales, and `merges` of two sales that are one order.
"""
