"""The people and companies who buy, identified within one user.

Entry points: `identity.ClientBatch` matches orders to clients, `search` finds clients, `privacy`
exports and erases their data.
"""
