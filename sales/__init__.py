"""Sales with their history, subscriptions, affiliation requests and their statistics.

Entry points: `recording.SaleBatch`, `subscriptions.SubscriptionBatch` and
`affiliations.record_affiliations` apply the `facts` that sources report. `statuses` and
`sale_changes` say what a sale can be and what changes it. `client_merging` merges and splits
clients; `privacy` exports and erases personal data.
"""
