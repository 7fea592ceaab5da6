"""Integrations: their list, and the summary, actions and diagnosis of one integration.

`filters.level_of` rates an integration's health for every page that shows it.
"""
