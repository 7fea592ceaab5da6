"""The one search of the back-office: its page, and the answers while a person types.

Entry points: `views.search_view`, `views.command_view`, `results.search`.
"""
