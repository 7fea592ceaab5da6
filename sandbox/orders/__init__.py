"""Invented orders, the people in them, and the stages they go through.

Entry points: `seller.Seller`, `order.Order`, `stages.next_stage`, `catalog` and `clock`.
"""
