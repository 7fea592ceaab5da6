"""The HTTP server and its messages.

Entry points: `listener.Listener`, `messages.Request`, `messages.Response`.
"""
