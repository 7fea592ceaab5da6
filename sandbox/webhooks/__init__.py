"""The registered receivers: their simulated orders and the delivery of webhooks.

Entry point: `receivers.Receivers`.
"""
