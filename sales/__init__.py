"""Sales with their history, subscriptions, affiliation requests and their statistics.

Entry points: `recording.SaleBatch`, `subscriptions.SubscriptionBatch` and
`affiliations.record_affiliations` apply what sources report; `client_merging`
merges and splits clients; `privacy` exports and erases personal data.
"""
