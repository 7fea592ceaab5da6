"""API calls that log in, renew tokens, log out and change passwords.

Entry point: `urls`.
"""
