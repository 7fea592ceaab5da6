"""Keys of scripts that call the API for a user.

Entry points: `keys.issue`, `keys.revoke` and the authentication class of the API.
"""
