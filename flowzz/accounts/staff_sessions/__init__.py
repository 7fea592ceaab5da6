"""Sessions of the back-office: whose they are, since when and from where; each can be ended.

Entry points: `engine` (Django's SESSION_ENGINE) and `pages`.
"""
