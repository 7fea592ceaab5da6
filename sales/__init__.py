"""Sales with their history, subscriptions, affiliation requests and their statistics.

Entry points: `recording.SaleBatch`, `subscriptions.SubscriptionBatch` and
`affiliations.record_affiliations` apply what sources report; `merging` moves sales of clients;
`privacy` exports and erases personal data.
"""
