"""The API of sales, clients, subscriptions, affiliation requests and the dashboard."""
