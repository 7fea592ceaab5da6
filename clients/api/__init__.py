"""Filters and serializers of clients, which the API of sales extends."""
