"""Encryption of API keys, signing secrets and webhook tokens.

Entry points: `field_encryption` (one field), `key_rotation` (all secrets) and
`crypto.DecryptionError`.
"""
