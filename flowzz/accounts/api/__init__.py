"""API calls that log in, renew tokens, log out, change passwords and manage the keys of scripts.

Entry point: `urls`.
"""
