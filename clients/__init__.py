"""The people and companies who buy, identified within one user.

Entry points: `identity.ClientBatch` matches orders to clients, `search` finds clients, `privacy`
exports and erases their data. A `customer.Customer` is what a source says of one; `contacts`,
`documents` and `cleaning` normalise that.
"""
