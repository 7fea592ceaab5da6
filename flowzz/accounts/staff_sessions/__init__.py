"""Sessions of the back-office: whose they are, since when and from where; each can be ended.

Entry points: `engine` (Django's SESSION_ENGINE), the middleware in `expired`, and `pages`.
"""
